"""After a change, the admin lists the sites whose pages the change affects and on which the user has a role."""

import re

import pytest

from accounts.models import Membership, Role
from blogs.models import Post
from tests.support.admin import saved, send

pytestmark = pytest.mark.sqlite

REFRESHED = re.compile(r"Pages are refreshed on ([^<]*)\.</li>")


def refreshed_sites(client):
    """The sites that the next page of the admin lists as refreshed."""
    return REFRESHED.findall(client.get("/password_change/").content.decode())


def edit(client, post, **changes):
    assert saved(send(client, f"/blogs/post/{post.pk}/change/", **changes))
    return refreshed_sites(client)


def test_the_message_to_an_editor_lists_only_sites_on_which_they_have_a_role(
    techblog, financeblog, shared, editor, admin_as
):
    client = admin_as(editor)
    assert edit(client, shared, body="Another text.") == ["techblog.test"]

    Membership.objects.create(user=editor, site=financeblog, role=Role.AUTHOR)
    assert edit(client, shared, body="Yet another text.") == ["financeblog.test, techblog.test"]


def test_the_message_to_a_superuser_lists_all_refreshed_sites(
    techblog, financeblog, shared, publish, superuser, admin_as
):
    alone = publish("Alone", on=financeblog).post

    assert edit(admin_as(superuser), shared, body="Another text.") == ["financeblog.test, techblog.test"]
    assert edit(admin_as(superuser), alone, body="Another text.") == ["financeblog.test"]


def test_the_message_after_saving_a_draft_lists_no_site(techblog, author, publish, admin_as):
    draft = publish("Mine", on=techblog, at=None, created_by=author).post

    assert edit(admin_as(author), draft, body="Another text.") == []
    assert Post.objects.get().body == "Another text."


def test_the_message_after_deleting_posts_lists_the_affected_sites(
    techblog, financeblog, shared, publish, superuser, admin_as
):
    client = admin_as(superuser)
    alone, draft = (publish(title, on=techblog, at=at).post for title, at in (("Alone", ...), ("Draft", None)))

    for post, sites in ((draft, []), (alone, ["techblog.test"])):
        assert client.post(f"/blogs/post/{post.pk}/delete/", {"post": "yes"}).status_code == 302
        assert refreshed_sites(client) == sites
    chosen = {"action": "delete_selected", "_selected_action": [shared.pk], "post": "yes"}
    assert client.post("/blogs/post/", chosen).status_code == 302
    assert refreshed_sites(client) == ["financeblog.test, techblog.test"]
    assert not Post.objects.exists()


def test_the_message_after_a_refused_change_lists_no_site(techblog, financeblog, shared, stranger, editor, admin_as):
    refused = {"title": ""}

    assert send(admin_as(editor), f"/blogs/post/{shared.pk}/change/", **refused).status_code == 200
    assert refreshed_sites(admin_as(editor)) == []
    assert admin_as(stranger).post(f"/blogs/post/{shared.pk}/change/", {"title": "Mine"}).status_code in (302, 403)
    assert Post.objects.get().title == "Ledgers in Python"
