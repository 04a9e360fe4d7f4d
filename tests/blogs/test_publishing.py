"""Which changes of posts and placements blogs/publishing/ allows each role, and what each call stores."""

import time
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Membership, Role
from blogs import publishing
from blogs.models import Author, Image, Placement, Post, Tag
from blogs.slugs import free_slug
from tests.support.pictures import picture
from tests.support.timing import InThreads

pytestmark = pytest.mark.rollback

OTHER_FIELDS = {
    "body_html",  # rendered from the body
    "created_by",
    "feed_id",  # written by imports
    "home",
    "id",
    "images",
    "media_files",  # found in the body
    "saved_at",
    "saved_by",
    "sites",
    "summary",  # made from the excerpt or the body
    "updated_at",
    "uuid",
    "version",
}


def test_each_field_of_a_post_is_declared_either_as_content_or_as_another_field():
    fields = {field.name for field in (*Post._meta.fields, *Post._meta.many_to_many)}

    assert fields == set(Post.CONTENT_FIELDS) | OTHER_FIELDS
    assert not OTHER_FIELDS.intersection(Post.CONTENT_FIELDS)


def test_an_author_creates_posts_only_on_a_site_where_they_have_a_role(techblog, financeblog, author, stranger):
    publishing.create_post(Post(home=techblog, title="Mine"), by=author)

    for site, user in ((financeblog, author), (techblog, stranger)):
        with pytest.raises(PermissionDenied):
            publishing.create_post(Post(home=site, title="Forged"), by=user)
    assert list(Post.objects.values_list("title", "created_by", "saved_by")) == [("Mine", author.pk, author.pk)]


def test_only_a_call_without_a_user_can_set_another_user_as_creator_of_a_post(techblog, author, owner):
    for user, creator in ((author, author), (None, owner)):
        post = Post(home=techblog, title="Hello", created_by=owner)
        publishing.create_post(post, by=user)
        assert Post.objects.get(pk=post.pk).created_by == creator


def test_only_a_call_without_a_user_can_store_a_cover_without_alt_text(techblog, author):
    with pytest.raises(ValidationError, match="Describe the cover"):
        publishing.create_post(Post(home=techblog, title="Hello"), by=author, new_cover=picture())
    post = Post(home=techblog, title="Hello")
    publishing.create_post(post, by=None, new_cover=picture())

    assert Post.objects.get().cover


def test_an_edit_stores_its_changes_and_increments_the_version(techblog, editor, publish):
    post = publish("Hello", on=techblog, excerpt="Kept").post
    tags, ada = {"python": "Python"}, Author.objects.create(site=techblog, slug="ada", name="Ada")

    edited = publishing.edit_post(post, {"title": "New", "tags": tags, "authors": [ada]}, by=editor, version=1)

    assert (edited.title, edited.excerpt, edited.version, edited.saved_by) == ("New", "Kept", 2, editor)
    assert Post.objects.get().content() == {
        **dict.fromkeys(Post.CONTENT_FIELDS),
        "title": "New",
        "kind": "post",
        "language": "",
        "excerpt": "Kept",
        "body": "Text.",
        "cover_alt": "",
        "authors": ["ada"],
        "tags": ["python"],
    }


def test_only_a_change_of_the_text_sets_the_update_time_that_readers_see(techblog, publish):
    long_ago = timezone.now() - timedelta(days=9)
    post = publish("Hello", on=techblog, updated_at=long_ago).post

    unchanged = {"title": "Hello", "body": "Text.", "tags": {"a": "A"}}
    assert publishing.edit_post(post, unchanged, by=None, version=1).updated_at == long_ago
    for number, field in enumerate(("title", "excerpt", "body")):
        Post.objects.update(updated_at=long_ago)
        assert publishing.edit_post(post, {field: "New"}, by=None, version=2 + number).updated_at > long_ago, field


def test_an_edit_of_only_the_tags_the_authors_or_the_kind_increments_the_version(techblog, editor, publish):
    post = publish("Hello", on=techblog).post
    ada = Author.objects.create(site=techblog, slug="ada", name="Ada")

    for version, changes in enumerate(({"tags": {"python": "Python"}}, {"authors": [ada]}, {"kind": "page"}), 1):
        publishing.edit_post(post, changes, by=editor, version=version)
        with pytest.raises(publishing.Conflict):
            publishing.edit_post(post, {"tags": {}, "authors": []}, by=editor, version=version)


def test_an_edit_of_an_old_version_is_a_conflict_and_writes_nothing(techblog, editor, owner, publish):
    post = publish("Hello", on=techblog).post
    publishing.edit_post(post, {"title": "Theirs"}, by=owner, version=1)

    with pytest.raises(publishing.Conflict) as conflict:
        publishing.edit_post(post, {"title": "Mine"}, by=editor, version=1)

    stored = conflict.value.stored
    assert (stored.title, stored.saved_by, stored.version) == ("Theirs", owner, 2)
    assert Post.objects.get().title == "Theirs"


def test_authors_edit_and_delete_their_own_drafts_and_editors_edit_and_delete_all_posts_of_the_home(
    techblog, author, editor, publish
):
    own_draft = publish("Own draft", on=techblog, at=None, created_by=author).post
    own_live = publish("Own live", on=techblog, created_by=author).post
    draft = publish("Draft", on=techblog, at=None).post

    publishing.edit_post(own_draft, {"title": "Edited"}, by=author, version=1)
    for post in (own_live, draft):
        with pytest.raises(PermissionDenied):
            publishing.edit_post(post, {"title": "Edited"}, by=author, version=1)
        with pytest.raises(PermissionDenied):
            publishing.delete_post(post, by=author)
        publishing.edit_post(post, {"title": "Edited"}, by=editor, version=1)
        publishing.delete_post(post, by=editor)
    publishing.delete_post(own_draft, by=author)
    assert not Post.objects.exists()


def test_an_editor_of_a_site_that_only_shows_a_post_cannot_edit_or_delete_it(shared, financeblog, member):
    guest = member("editor", of=financeblog)

    with pytest.raises(PermissionDenied):
        publishing.edit_post(shared, {"title": "Taken"}, by=guest, version=1)
    with pytest.raises(PermissionDenied):
        publishing.delete_post(shared, by=guest)
    assert Post.objects.get().title == "Ledgers in Python"


def test_a_post_moves_only_to_a_site_where_the_user_may_create_it(techblog, financeblog, editor, publish):
    live = publish("Live", on=techblog).post
    draft = publish("Draft", on=techblog, at=None).post
    membership = Membership.objects.create(user=editor, site=financeblog, role=Role.AUTHOR)

    publishing.edit_post(draft, {"home": financeblog}, by=editor, version=1)
    with pytest.raises(ValidationError, match="Only editors of financeblog"):
        publishing.edit_post(live, {"home": financeblog}, by=editor, version=1)
    Membership.objects.filter(pk=membership.pk).update(role=Role.EDITOR)
    fresh = type(editor).objects.get(pk=editor.pk)
    publishing.edit_post(live, {"home": financeblog}, by=fresh, version=1)

    assert set(Post.objects.values_list("home", flat=True)) == {financeblog.pk}


def test_a_post_whose_text_shows_images_of_its_home_cannot_move_to_another_home(techblog, financeblog, publish):
    image = Image(site=techblog, file=picture())
    image.save()
    post = publish("Shows it", on=techblog, body=f"![It]({image.get_absolute_url()})").post

    with pytest.raises(ValidationError, match="images or media files of the current home"):
        publishing.edit_post(post, {"home": financeblog}, by=None, version=1)


@pytest.mark.django_db(transaction=True)
def test_editors_can_publish_and_unpublish_and_authors_cannot(techblog, author, editor, publish, visit):
    draft = publish("Mine", on=techblog, at=None, created_by=author)

    with pytest.raises(PermissionDenied):
        publishing.publish(draft, by=author)
    assert visit(techblog, "/mine/").status_code == 404
    publishing.publish(draft, by=editor)
    assert visit(techblog, "/mine/").status_code == 200
    with pytest.raises(PermissionDenied):
        publishing.unpublish(draft, by=author)
    publishing.unpublish(draft, by=editor)
    assert visit(techblog, "/mine/").status_code == 404


def test_authors_can_place_their_draft_only_on_its_home(techblog, financeblog, author):
    post = Post(home=techblog, title="Mine")
    publishing.create_post(post, by=author)
    Membership.objects.create(user=author, site=financeblog, role=Role.AUTHOR)

    for denied in (
        Placement(post=post, site=financeblog),
        Placement(post=post, site=techblog, pinned=True),
        Placement(post=post, site=techblog, published_at=timezone.now()),
    ):
        with pytest.raises(PermissionDenied):
            publishing.place(denied, by=author)
    placement = Placement(post=post, site=techblog)
    publishing.place(placement, by=author)
    publishing.change_placement(placement, {"slug": "other"}, by=author)

    assert list(Placement.objects.values_list("site", "slug")) == [(techblog.pk, "other")]


def test_editors_of_a_site_cannot_place_a_post_that_they_may_not_edit(techblog, financeblog, member, publish):
    post = publish("Hello", on=techblog).post

    with pytest.raises(PermissionDenied):
        publishing.place(Placement(post=post, site=financeblog), by=member("editor", of=financeblog))
    publishing.place(Placement(post=post, site=financeblog), by=None)


def test_a_home_that_is_changed_only_in_memory_does_not_let_an_author_place_a_draft_there(
    techblog, financeblog, author, publish
):
    post = publish("Mine", on=techblog, at=None, created_by=author).post
    post.home = financeblog

    with pytest.raises(PermissionDenied):
        publishing.place(Placement(post=post, site=financeblog), by=author)


def test_several_placements_are_stored_together_or_not_at_all(techblog, financeblog, publish):
    publish("Taken", on=financeblog, slug="hello")
    post = Post(home=techblog, title="Hello")
    publishing.create_post(post, by=None)

    with pytest.raises(ValidationError, match="is taken"):
        publishing.place(
            Placement(post=post, site=techblog), Placement(post=post, site=financeblog, slug="Hello"), by=None
        )
    assert not post.placements.exists()


def test_a_placement_that_changed_since_it_was_read_is_a_conflict(techblog, editor, publish):
    placement = publish("Hello", on=techblog)
    seen = {"published_at": placement.published_at, "slug": placement.slug}
    publishing.unpublish(placement, by=editor)

    with pytest.raises(publishing.Conflict):
        publishing.change_placement(placement, {"published_at": timezone.now()}, by=editor, seen=seen)
    publishing.change_placement(placement, {"slug": "other"}, by=editor, seen=seen)

    assert list(Placement.objects.values_list("slug", "published_at")) == [("other", None)]


def test_a_placement_that_changed_since_it_was_read_is_not_removed(techblog, editor, publish):
    placement = publish("Hello", on=techblog)
    seen = {"published_at": placement.published_at, "slug": placement.slug}
    publishing.change_placement(placement, {"slug": "other"}, by=editor)

    with pytest.raises(publishing.Conflict):
        publishing.arrange(placement.post, removed=[publishing.PlacementEdit(placement, {}, seen)], by=editor)
    publishing.arrange(placement.post, removed=[publishing.PlacementEdit(placement, {})], by=editor)

    assert not Placement.objects.exists()


def test_an_outdated_edit_raises_conflict_only_for_users_who_may_edit_the_post(techblog, editor, stranger, publish):
    placement = publish("Hello", on=techblog)
    stale = {"slug": "read-long-ago"}

    for user, refusal in ((editor, publishing.Conflict), (stranger, PermissionDenied)):
        with pytest.raises(refusal):
            publishing.edit_post(placement.post, {"title": "Late"}, by=user, version=0)
        with pytest.raises(refusal):
            publishing.change_placement(placement, {"slug": "late"}, by=user, seen=stale)


def test_authors_cannot_change_or_remove_public_placements_or_those_of_other_authors(techblog, author, publish):
    foreign_draft = publish("Foreign draft", on=techblog, at=None)
    own_live = publish("Own live", on=techblog, created_by=author)
    own_pinned = publish("Own pinned", on=techblog, at=None, pinned=True, created_by=author)
    own_draft = publish("Own draft", on=techblog, at=None, created_by=author)

    for placement in (foreign_draft, own_live, own_pinned):
        placement.pinned = False  # the stored value decides, not the value in memory that a form may have changed
        with pytest.raises(PermissionDenied):
            publishing.change_placement(placement, {"slug": "mine"}, by=author)
        with pytest.raises(PermissionDenied):
            publishing.remove(placement, by=author)
    publishing.change_placement(own_draft, {"slug": "mine"}, by=author)
    publishing.remove(own_draft, by=author)

    assert set(Placement.objects.values_list("slug", flat=True)) == {"foreign-draft", "own-live", "own-pinned"}


def test_an_author_who_is_an_editor_of_another_site_places_a_draft_on_both_sites_in_one_step(
    techblog, financeblog, author
):
    Membership.objects.create(user=author, site=financeblog, role=Role.EDITOR)
    post = Post(home=techblog, title="Mine")
    publishing.create_post(post, by=author)

    live = Placement(post=post, site=financeblog, published_at=timezone.now())
    publishing.place(live, Placement(post=post, site=techblog), by=author)

    assert list(post.placements.order_by("site").values_list("site", flat=True)) == [techblog.pk, financeblog.pk]


def test_an_editor_of_another_site_publishes_their_draft_there_and_adds_it_to_its_home_in_one_step(
    techblog, financeblog, author, publish
):
    Membership.objects.create(user=author, site=financeblog, role=Role.EDITOR)
    there = publish("Mine", on=financeblog, at=None, home=techblog, created_by=author)
    live = publishing.PlacementEdit(there, {"published_at": timezone.now()})

    publishing.arrange(there.post, edited=[live], new=[Placement(post=there.post, site=techblog)], by=author)

    assert list(there.post.placements.order_by("site").values_list("site", flat=True)) == [techblog.pk, financeblog.pk]
    with pytest.raises(PermissionDenied):
        publishing.edit_post(there.post, {"title": "No longer a draft"}, by=author, version=1)


def test_an_author_moves_their_own_draft_only_to_a_site_where_they_are_an_author(
    techblog, financeblog, author, publish
):
    draft = publish("Draft", on=techblog, at=None, created_by=author).post

    with pytest.raises(ValidationError, match="Only editors of financeblog"):
        publishing.edit_post(draft, {"home": financeblog}, by=author, version=1)
    Membership.objects.create(user=author, site=financeblog, role=Role.AUTHOR)
    fresh = type(author).objects.get(pk=author.pk)

    assert publishing.edit_post(draft, {"home": financeblog}, by=fresh, version=1).home == financeblog


def test_a_home_that_is_changed_only_in_memory_gives_no_permission(techblog, financeblog, member, publish):
    post, guest = publish("Hello", on=techblog).post, member("editor", of=financeblog)
    post.home = financeblog

    with pytest.raises(PermissionDenied):
        publishing.place(Placement(post=post, site=financeblog), by=guest)
    Post.objects.update(home=financeblog)
    publishing.place(Placement(post=post, site=financeblog), by=guest)


@pytest.mark.django_db(transaction=True)
def test_an_author_cannot_edit_a_draft_while_an_editor_publishes_it(techblog, author, editor, publish):
    draft = publish("Mine", on=techblog, at=None, created_by=author)
    publishing.edit_post(draft.post, {"title": "Edited"}, by=author, version=1)

    def edit():
        try:
            publishing.edit_post(draft.post, {"title": "Too late"}, by=author, version=2)
        finally:
            connection.close()

    with transaction.atomic():
        publishing.publish(draft, by=editor)
        editing = InThreads(edit)
        time.sleep(0.3)
        assert editing.are_running()
    with pytest.raises(PermissionDenied):
        editing.results()
    assert Post.objects.get().title == "Edited"


def test_an_editor_can_unpublish_an_old_placement_whose_slug_is_now_reserved(techblog, editor, publish):
    placement = publish("Hello", on=techblog)
    Placement.objects.update(slug="feed")

    publishing.unpublish(placement, by=editor)

    assert Placement.objects.get().state == Placement.State.DRAFT


def test_publishing_a_live_placement_again_keeps_its_publication_time(techblog, editor, publish):
    placement = publish("Hello", on=techblog)

    publishing.publish(placement, by=editor)

    assert Placement.objects.get().published_at == placement.published_at


def test_editing_a_field_that_is_not_content_raises_type_error(techblog, publish):
    placement = publish("Hello", on=techblog)

    with pytest.raises(TypeError, match="uuid"):
        publishing.edit_post(placement.post, {"uuid": "x"}, by=None, version=1)
    with pytest.raises(TypeError, match="site"):
        publishing.change_placement(placement, {"site": techblog}, by=None)


def test_a_text_that_is_too_large_is_refused_with_an_error_at_the_field_body(techblog, financeblog, publish):
    post = publish("Hello", on=techblog).post

    for changes in ({}, {"home": financeblog}):
        with pytest.raises(ValidationError) as refused:
            publishing.edit_post(post, {"body": "x" * 1_000_001, **changes}, by=None, version=1)
        assert set(refused.value.message_dict) == {"body"}


def test_only_editors_of_its_site_remove_a_placement(techblog, financeblog, editor, shared, member):
    there = shared.placements.get(site=financeblog)

    with pytest.raises(PermissionDenied):
        publishing.remove(there, by=editor)
    publishing.remove(there, by=member("editor", of=financeblog))

    assert list(shared.placements.values_list("site", flat=True)) == [techblog.pk]


def test_only_the_operator_gives_a_post_more_than_fifty_tags(techblog, editor, publish):
    post = publish("Hello", on=techblog).post
    tags = {f"t{number}": f"T{number}" for number in range(51)}

    with pytest.raises(ValidationError, match="at most 50 tags"):
        publishing.create_post(Post(home=techblog, title="New"), by=editor, tags=tags)
    with pytest.raises(ValidationError, match="at most 50 tags"):
        publishing.edit_post(post, {"tags": tags}, by=editor, version=1)
    publishing.edit_post(post, {"tags": tags}, by=None, version=1)
    publishing.edit_post(post, {"title": "New", "tags": tags}, by=editor, version=2)

    assert (Post.objects.get().title, post.tags.count()) == ("New", 51)


def test_a_tag_is_created_once_on_a_site_and_keeps_its_name(techblog, publish):
    Tag.objects.create(site=techblog, slug="go", name="Golang")
    post = publish("Hello", on=techblog).post

    publishing.edit_post(post, {"tags": {"go": "Go", "new": "New"}}, by=None, version=1)

    assert set(post.tags.values_list("slug", "name")) == {("go", "Golang"), ("new", "New")}


def test_only_editors_of_a_site_create_its_authors_and_the_slug_is_unique_on_the_site(
    techblog, financeblog, author, editor
):
    Author.objects.create(site=financeblog, slug="ada-lovelace", name="Ada Lovelace")
    for _ in range(2):
        publishing.create_author(Author(site=techblog, name="Ada Lovelace"), by=editor)
    for site, user in ((techblog, author), (financeblog, editor)):
        with pytest.raises(PermissionDenied):
            publishing.create_author(Author(site=site, name="Ada Lovelace"), by=user)

    assert list(techblog.authors.order_by("pk").values_list("slug", "created_by")) == [
        ("ada-lovelace", editor.pk),
        ("ada-lovelace-2", editor.pk),
    ]


def test_a_free_slug_does_not_exceed_the_maximum_length(techblog):
    long = "a" * 100
    Author.objects.create(site=techblog, slug=long, name="Long")

    slug = free_slug(long, Author.objects.all(), 100, taken={"a" * 90 + "-2"})

    assert slug == "a" * 90 + "-3"


def new_post(site, slug, *, on=None, **values):
    post = Post(home=site, title=slug.title())
    return publishing.NewPost(post, placements=[Placement(post=post, site=on or site, slug=slug, **values)])


def test_posts_created_together_are_all_stored_with_their_placements_or_none(techblog, financeblog, editor):
    new = [new_post(techblog, "first", published_at=timezone.now()), new_post(techblog, "")]
    new[1] = new[1]._replace(post=new[1].placements[0].post, tags={"go": "Go"})
    new[1].post.title = "Made from the title"
    publishing.create_posts(new, by=editor)

    assert set(techblog.placements.values_list("slug", "post__title")) == {
        ("first", "First"),
        ("made-from-the-title", "Made from the title"),
    }
    assert list(techblog.tags.values_list("slug", "posts__title")) == [("go", "Made from the title")]
    with pytest.raises(ValidationError, match="/first/ is taken"):
        publishing.create_posts([new_post(techblog, "second"), new_post(techblog, "first")], by=editor)
    with pytest.raises(ValidationError, match="reserved"):
        publishing.create_posts([new_post(techblog, "second"), new_post(techblog, "feed")], by=editor)
    with pytest.raises(PermissionDenied):
        publishing.create_posts([new_post(techblog, "second"), new_post(techblog, "x", on=financeblog)], by=editor)
    assert Post.objects.count() == Placement.objects.count() == 2


def test_an_author_creates_drafts_together_but_not_published_posts(techblog, author):
    publishing.create_posts([new_post(techblog, "draft")], by=author)
    with pytest.raises(PermissionDenied):
        publishing.create_posts([new_post(techblog, "live", published_at=timezone.now())], by=author)

    assert list(techblog.placements.values_list("slug", "post__created_by")) == [("draft", author.pk)]


def test_only_editors_of_a_site_create_several_of_its_authors(techblog, financeblog, author, editor):
    publishing.create_authors([Author(site=techblog, slug=slug, name=slug) for slug in ("ada", "bea")], by=editor)
    for site, user in ((techblog, author), (financeblog, editor)):
        with pytest.raises(PermissionDenied):
            publishing.create_authors([Author(site=site, slug="cleo", name="Cleo")], by=user)
    with pytest.raises(ValidationError):
        publishing.create_authors([Author(site=techblog, slug="cleo", name="x" * 101)], by=editor)

    assert list(Author.objects.order_by("pk").values_list("slug", "created_by")) == [
        ("ada", editor.pk),
        ("bea", editor.pk),
    ]
