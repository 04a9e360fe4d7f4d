"""Who changes something in the admin is told whose pages show it: of the sites on which they have a role."""

import re

import pytest

from accounts.models import Membership, Role
from blogs.models import Post
from tests.support.admin import saved, send

pytestmark = pytest.mark.sqlite

REFRESHED = re.compile(r"Pages are refreshed on ([^<]*)\.</li>")


def told(client):
    """The sites that the next page of the admin names as refreshed."""
    return REFRESHED.findall(client.get("/password_change/").content.decode())


def edit(client, post, **changes):
    assert saved(send(client, f"/blogs/post/{post.pk}/change/", **changes))
    return told(client)


def test_an_editor_is_told_of_their_own_site_and_of_no_other(techblog, financeblog, shared, editor, admin_as):
    client = admin_as(editor)
    assert edit(client, shared, body="Another text.") == ["techblog.test"]

    Membership.objects.create(user=editor, site=financeblog, role=Role.AUTHOR)
    assert edit(client, shared, body="Yet another text.") == ["financeblog.test, techblog.test"]


def test_a_superuser_is_told_of_all_that_are_refreshed(techblog, financeblog, shared, publish, superuser, admin_as):
    alone = publish("Alone", on=financeblog).post

    assert edit(admin_as(superuser), shared, body="Another text.") == ["financeblog.test, techblog.test"]
    assert edit(admin_as(superuser), alone, body="Another text.") == ["financeblog.test"]


def test_who_saves_a_draft_is_told_of_no_site(techblog, author, publish, admin_as):
    draft = publish("Mine", on=techblog, at=None, created_by=author).post

    assert edit(admin_as(author), draft, body="Another text.") == []
    assert Post.objects.get().body == "Another text."


def test_who_deletes_one_or_several_is_told_too(techblog, financeblog, shared, publish, superuser, admin_as):
    client = admin_as(superuser)
    alone, draft = (publish(title, on=techblog, at=at).post for title, at in (("Alone", ...), ("Draft", None)))

    for post, sites in ((draft, []), (alone, ["techblog.test"])):
        assert client.post(f"/blogs/post/{post.pk}/delete/", {"post": "yes"}).status_code == 302
        assert told(client) == sites
    chosen = {"action": "delete_selected", "_selected_action": [shared.pk], "post": "yes"}
    assert client.post("/blogs/post/", chosen).status_code == 302
    assert told(client) == ["financeblog.test, techblog.test"]
    assert not Post.objects.exists()


def test_who_is_refused_is_told_nothing(techblog, financeblog, shared, stranger, editor, admin_as):
    refused = {"title": ""}

    assert send(admin_as(editor), f"/blogs/post/{shared.pk}/change/", **refused).status_code == 200
    assert told(admin_as(editor)) == []
    assert admin_as(stranger).post(f"/blogs/post/{shared.pk}/change/", {"title": "Mine"}).status_code in (302, 403)
    assert Post.objects.get().title == "Ledgers in Python"
