"""Two users edit one post: the second save shows what the first one changed, and writes only the fields that its own
user changed."""

import pytest
from django.db import OperationalError

from accounts.models import Membership, Role
from blogs import publishing
from blogs.models import Author, Placement, Post
from blogs.publishing import placements
from tests.support.admin import errors, fields, form_of, saved
from tests.support.timing import InThreads

pytestmark = pytest.mark.rollback


def change(post):
    return f"/blogs/post/{post.pk}/change/"


@pytest.fixture
def post(techblog, publish):
    return publish("Hello", on=techblog, body="One.\nTwo.\nThree.", excerpt="Short").post


@pytest.fixture
def window(editor, admin_as, post):
    """The fields that the editor's browser would send, read from the form before the owner saves."""
    return fields(admin_as(editor), change(post))


def test_a_conflicting_save_shows_both_texts_and_names_the_other_user(post, editor, owner, admin_as, window):
    publishing.edit_post(post, {"body": "One.\nTheir line.\nThree."}, by=owner, version=1)

    response = admin_as(editor).post(change(post), window | {"body": "One.\r\nMy line.\r\nThree."})

    assert "Nothing was saved yet" in errors(response)
    page = response.content.decode()
    assert "Owner of Techblog saved this post while you were editing it" in page
    assert "<del><b>Theirs</b>Their line.</del>" in page
    assert "<ins><b>Yours</b>My line.</ins>" in page
    assert Post.objects.get().body == "One.\nTheir line.\nThree."
    assert form_of(response)["body"].splitlines() == ["One.", "My line.", "Three."]


def test_resending_the_form_of_a_conflict_saves_my_fields_and_keeps_their_other_fields(
    post, editor, owner, admin_as, window
):
    ada = Author.objects.create(site=post.home, slug="ada", name="Ada")
    theirs = {"excerpt": "Their excerpt", "tags": {"python": "Python"}, "authors": [ada], "kind": "page"}
    publishing.edit_post(post, theirs, by=owner, version=1)
    client = admin_as(editor)

    response = client.post(change(post), window | {"title": "My title"})
    assert "Only they changed these fields: Kind, Excerpt, Authors, Tags." in response.content.decode()
    assert saved(client.post(change(post), form_of(response)))

    stored = Post.objects.get()
    assert (stored.title, stored.excerpt, stored.kind, stored.version) == ("My title", "Their excerpt", "page", 3)
    assert [tag.name for tag in stored.tags.all()] == ["Python"]
    assert list(stored.authors.all()) == [ada]


def test_checking_the_box_of_a_conflicting_field_keeps_the_value_of_the_other_user(
    post, editor, owner, admin_as, window
):
    publishing.edit_post(post, {"title": "Their title", "body": "Their text."}, by=owner, version=1)
    client = admin_as(editor)

    response = client.post(change(post), window | {"title": "My title", "body": "My text."})
    assert saved(client.post(change(post), form_of(response) | {"take_theirs": ["title"]}))

    assert (Post.objects.get().title, Post.objects.get().body) == ("Their title", "My text.")


def test_another_save_before_the_conflict_is_resolved_is_a_second_conflict(post, editor, owner, admin_as, window):
    publishing.edit_post(post, {"title": "Their title"}, by=owner, version=1)
    client = admin_as(editor)
    response = client.post(change(post), window | {"title": "My title"})
    publishing.edit_post(post, {"title": "Their second title"}, by=owner, version=2)

    again = client.post(change(post), form_of(response))

    assert "Their second title" in again.content.decode()
    assert Post.objects.get().title == "Their second title"
    assert saved(client.post(change(post), form_of(again)))
    assert Post.objects.get().title == "My title"


def test_a_value_that_the_conflict_form_kept_does_not_replace_a_later_value_of_another_user(
    post, editor, owner, admin_as, window
):
    publishing.edit_post(post, {"excerpt": "Their excerpt"}, by=owner, version=1)
    client = admin_as(editor)
    response = client.post(change(post), window | {"title": "My title"})
    publishing.edit_post(post, {"excerpt": "Their second excerpt"}, by=owner, version=2)

    again = client.post(change(post), form_of(response))
    assert "Only they changed these fields: Excerpt." in again.content.decode()
    assert saved(client.post(change(post), form_of(again)))

    assert (Post.objects.get().title, Post.objects.get().excerpt) == ("My title", "Their second excerpt")


def test_a_forged_checkbox_for_a_field_that_is_not_in_the_form_has_no_effect(post, editor, admin_as, window):
    forged = {"take_theirs": ["saved_by", "nothing"], "title": "My title"}

    assert saved(admin_as(editor).post(change(post), window | forged))

    assert (Post.objects.get().title, Post.objects.get().saved_by) == ("My title", editor)


@pytest.mark.django_db(transaction=True)
def test_a_save_between_the_validation_and_the_lock_is_a_conflict(post, editor, owner, admin_as, window, monkeypatch):
    edit_post = publishing.edit_post

    def edit_after_the_owner(*args, **kwargs):
        monkeypatch.undo()
        InThreads(lambda: edit_post(post, {"title": "Their title"}, by=owner, version=1)).results()
        return edit_post(*args, **kwargs)

    monkeypatch.setattr(publishing, "edit_post", edit_after_the_owner)

    response = admin_as(editor).post(change(post), window | {"title": "My title"})

    assert "Nothing was saved yet" in errors(response)
    assert "<del><b>Theirs</b>Their title</del>" in response.content.decode()
    assert Post.objects.get().title == "Their title"


def test_a_database_that_does_not_respond_in_time_keeps_the_text(post, editor, admin_as, window, monkeypatch):
    def time_out(*args, **kwargs):
        raise OperationalError("canceling statement due to lock timeout")

    monkeypatch.setattr(publishing, "edit_post", time_out)

    response = admin_as(editor).post(change(post), window | {"body": "An hour of work"})

    assert response.status_code == 503
    assert "An hour of work" in response.content.decode()


def test_a_conflict_with_a_user_of_another_site_does_not_name_that_user(post, editor, superuser, admin_as, window):
    publishing.edit_post(post, {"title": "Theirs"}, by=superuser, version=1)

    page = admin_as(editor).post(change(post), window | {"title": "Mine"}).content.decode()

    assert "Another user saved this post" in page
    assert str(superuser) not in page


def test_an_unchanged_form_writes_nothing_even_with_the_line_breaks_of_a_browser(post, editor, admin_as, window):
    before = Post.objects.values().get()

    assert saved(admin_as(editor).post(change(post), window | {"body": window["body"].replace("\n", "\r\n")}))

    assert Post.objects.values().get() == before


def test_a_form_without_the_values_that_it_showed_is_refused(post, editor, admin_as, window):
    client = admin_as(editor)

    for seen in ("", "{", "[]", "\0", "1", "[" * 100_000):
        response = client.post(change(post), window | {"seen": seen, "title": "Forged"})
        assert "does not contain the values that it showed" in errors(response)
    assert Post.objects.get().title == "Hello"


def test_a_stale_form_restores_neither_the_publication_time_nor_the_old_slug(post, editor, admin_as, window):
    """An editor unpublishes and renames a placement while another editor has the form of the post open."""
    placement = post.placements.get()
    publishing.change_placement(placement, {"published_at": None, "slug": "renamed"}, by=None)

    assert saved(admin_as(editor).post(change(post), window | {"title": "Mine"}))

    assert Post.objects.get().title == "Mine"
    assert list(Placement.objects.values_list("slug", "published_at")) == [("renamed", None)]


@pytest.mark.parametrize("form", ["post", "placement"])
def test_a_placement_that_two_users_changed_is_saved_only_after_a_confirmation(form, post, editor, admin_as):
    placement, client = post.placements.get(), admin_as(editor)
    address = change(post) if form == "post" else f"/blogs/placement/{placement.pk}/change/"
    prefix = "placements-0-" if form == "post" else ""
    window = fields(client, address)
    publishing.change_placement(placement, {"slug": "theirs", "pinned": True}, by=None)

    response = client.post(address, window | {f"{prefix}slug": "mine"})

    assert "Another user changed this field after you opened the page. Its value is now: theirs." in errors(response)
    assert Placement.objects.get().slug == "theirs"
    assert saved(client.post(address, form_of(response)))
    assert list(Placement.objects.values_list("slug", "pinned")) == [("mine", True)]


def test_two_conflicting_fields_of_a_placement_need_only_one_confirmation(post, editor, admin_as):
    placement, client = post.placements.get(), admin_as(editor)
    address = f"/blogs/placement/{placement.pk}/change/"
    window = fields(client, address)
    publishing.change_placement(placement, {"slug": "theirs", "published_at": None}, by=None)

    mine = {"slug": "mine", "published_at_0": "2020-01-01", "published_at_1": "12:00:00"}
    assert saved(client.post(address, form_of(client.post(address, window | mine))))

    assert Placement.objects.get().slug == "mine"


def test_a_placement_that_another_user_removed_is_reported_once(post, financeblog, editor, admin_as, publish):
    Membership.objects.create(user=editor, site=financeblog, role=Role.EDITOR)
    publish("", on=financeblog, post=post, slug="there")
    client = admin_as(editor)
    window = fields(client, change(post))
    row = next(n for n in (0, 1) if window[f"placements-{n}-slug"] == "there")
    post.placements.exclude(site=financeblog).delete()

    response = client.post(change(post), window | {f"placements-{row}-slug": "elsewhere"})

    assert "Another user removed a placement after you opened the page" in errors(response)
    assert saved(client.post(change(post), form_of(response)))
    assert list(Placement.objects.values_list("slug", flat=True)) == ["elsewhere"]


def test_a_placement_that_another_user_changed_is_removed_only_after_a_confirmation(post, editor, admin_as):
    client = admin_as(editor)
    window = fields(client, change(post))
    publishing.change_placement(post.placements.get(), {"slug": "theirs"}, by=None)

    response = client.post(change(post), window | {"placements-0-DELETE": "on"})

    assert "it is now /theirs/, live. Save again to remove this placement." in errors(response)
    assert saved(client.post(change(post), form_of(response)))
    assert not Placement.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("form", ["post", "placement"])
def test_a_placement_that_changes_between_the_validation_and_the_lock_is_reported(
    form, post, editor, admin_as, monkeypatch
):
    placement, client = post.placements.get(), admin_as(editor)
    address = change(post) if form == "post" else f"/blogs/placement/{placement.pk}/change/"
    prefix = "placements-0-" if form == "post" else ""
    window = fields(client, address)
    locked = placements.locked

    def locked_after_the_owner(*args):
        monkeypatch.undo()
        InThreads(lambda: Placement.objects.update(slug="theirs")).results()
        return locked(*args)

    monkeypatch.setattr(placements, "locked", locked_after_the_owner)

    response = client.post(address, window | {f"{prefix}slug": "mine"})

    assert "Its value is now: theirs." in errors(response)
    assert Placement.objects.get().slug == "theirs"


def test_an_edit_of_placements_only_does_not_change_the_version_of_the_post(post, editor, admin_as):
    window = fields(admin_as(editor), change(post))

    assert saved(admin_as(editor).post(change(post), window | {"placements-0-slug": "other"}))

    assert (Post.objects.get().version, Placement.objects.get().slug) == (1, "other")


def test_very_long_texts_are_shown_without_a_comparison(post, editor, owner, admin_as, window):
    publishing.edit_post(post, {"body": "theirs\n" * 3_000}, by=owner, version=1)

    page = admin_as(editor).post(change(post), window | {"body": "mine\n" * 3_000}).content.decode()

    assert "too long to compare" in page
    assert "Copy from their complete value" in page


def test_an_added_blank_line_is_visible_in_the_comparison(post, editor, owner, admin_as, window):
    publishing.edit_post(post, {"body": "One.\n\nTwo.\nThree."}, by=owner, version=1)

    page = admin_as(editor).post(change(post), window | {"body": "One.\nTwo.\nThree.\nFour."}).content.decode()

    assert "<del><b>Theirs</b>¶</del>" in page
    assert "<ins><b>Yours</b>Four.</ins>" in page
