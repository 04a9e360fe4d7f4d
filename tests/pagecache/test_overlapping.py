"""Two overlapping transactions do not see each other. After both have committed, all pages show both changes.

SQLite needs no such test, because it allows only one writing transaction at a time.
"""

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from blogs.models import Author, Image, Placement, Post, Tag
from tests.support.pictures import picture
from tests.support.processes import until_all_know
from tests.support.reading import read
from tests.support.transactions import ADVISORY, ROWS, execute, in_a_transaction, meanwhile, wait_until_blocked

# Without this limit a fault of the locks would let a test wait until the limit of the whole suite.
pytestmark = pytest.mark.timeout(30)

HERE = "/p-here/"
GENERATION = "SELECT FROM tenancy_generation WHERE site_id = %s FOR UPDATE"


def late(path=HERE, host="financeblog.test"):
    """The text of the page, read when every process must know the last change."""
    until_all_know()
    responses = [read(host, path) for _ in range(2)]
    assert [response.status for response in responses] == [200, 200]
    return responses[-1].body.decode()


@pytest.fixture
def post(techblog, financeblog, publish):
    """A post whose home is the techblog, with a cover and, for the techblog and the financeblog, a tag and an author.

    Both sites have another tag.
    """
    cover = Image.objects.create(site=techblog, file=picture())
    post = publish("Old title", on=techblog, slug="p", cover=cover).post
    for site in (techblog, financeblog):
        Tag.objects.create(site=site, slug="another", name="Another tag")
        post.tags.add(Tag.objects.create(site=site, slug="old", name="Old tag"))
        post.authors.add(Author.objects.create(site=site, slug="ada", name="Old name"))
    return post


CHANGES = {
    "a post is edited": ("UPDATE blogs_post SET title = 'New title' WHERE id = {post}", "New title", True),
    "a tag is added": (
        "INSERT INTO blogs_post_tags (post_id, tag_id) SELECT {post}, id FROM blogs_tag WHERE slug = 'another'",
        "Another tag",
        True,
    ),
    "a tag is renamed": ("UPDATE blogs_tag SET name = 'New tag' WHERE slug = 'old'", "New tag", True),
    "an author is renamed": ("UPDATE blogs_author SET name = 'New name' WHERE slug = 'ada'", "New name", True),
    "the size of an image changes": ("UPDATE blogs_image SET width = 1234", 'width="1234"', True),
    "the home is renamed": (
        "UPDATE django_site SET domain = 'renamed.test' WHERE id = {home}",
        "renamed.test/p/",
        True,
    ),
    "the home is suspended": (
        "UPDATE tenancy_sitesettings SET state = 'suspended' WHERE site_id = {home}",
        "techblog.test/p/",
        False,
    ),
    "the post is withdrawn from its home": (
        "DELETE FROM blogs_placement WHERE post_id = {post} AND site_id = {home}",
        "techblog.test/p/",
        False,
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_post_that_is_placed_on_another_site_during_an_uncommitted_change_shows_that_change_later(
    what, post, techblog, financeblog
):
    sql, marker, is_shown = CHANGES[what]

    with meanwhile(sql.format(post=post.pk, home=techblog.pk)):
        # Use the ORM directly: `blogs.publishing` would wait for the lock on the post.
        Placement.objects.create(site=financeblog, post=post, slug="p-here", published_at=timezone.now())
        assert (marker in late()) is not is_shown

    assert (marker in late()) is is_shown


def test_publishing_a_draft_during_an_uncommitted_edit_shows_both_changes(techblog, publish):
    placement = publish("Old title", on=techblog, slug="p", at=None)

    with meanwhile("UPDATE blogs_post SET title = 'New title' WHERE id = %s", placement.post_id):
        placement.published_at = timezone.now()
        placement.save()
        assert "Old title" in late("/p/", "techblog.test")

    assert "New title" in late("/p/", "techblog.test")


def test_an_edit_that_commits_before_an_uncommitted_placement_is_shown_on_its_page(post, financeblog, publish):
    slot = publish("Another", on=financeblog, slug="p-here")

    with meanwhile("UPDATE blogs_placement SET post_id = %s WHERE id = %s", post.pk, slot.pk):
        post.title = "New title"
        post.save()
        assert "Another" in late()

    assert "New title" in late()


@pytest.mark.parametrize("what", CHANGES)
def test_a_placement_that_commits_during_the_commit_of_a_change_waits_and_shows_it(what, post, techblog, financeblog):
    sql, marker, is_shown = CHANGES[what]
    sql = sql.format(post=post.pk, home=techblog.pk)

    with meanwhile(GENERATION, techblog.pk):  # the change has determined the affected sites and cannot commit
        change = in_a_transaction(lambda: execute(sql))
        wait_until_blocked(ROWS)
        # Use the ORM directly: `blogs.publishing` would wait for the lock on the post.
        placement = in_a_transaction(
            lambda: Placement.objects.create(site=financeblog, post=post, slug="p-here", published_at=timezone.now())
        )
        wait_until_blocked(ADVISORY)
        assert read("financeblog.test", HERE).status == 404
    change.results()
    placement.results()

    assert (marker in late()) is is_shown


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_that_commits_during_the_commit_of_a_placement_waits_and_is_shown(what, post, techblog, financeblog):
    sql, marker, is_shown = CHANGES[what]
    sql = sql.format(post=post.pk, home=techblog.pk)

    with meanwhile(GENERATION, financeblog.pk):  # the placement has determined the affected sites and cannot commit
        placement = in_a_transaction(
            lambda: Placement.objects.create(site=financeblog, post=post, slug="p-here", published_at=timezone.now())
        )
        wait_until_blocked(ROWS)
        change = in_a_transaction(lambda: execute(sql))
        wait_until_blocked(ADVISORY)
    placement.results()
    change.results()

    assert (marker in late()) is is_shown


LINKS = {
    "a tag": (
        "UPDATE blogs_tag SET name = 'New tag' WHERE slug = 'old'",
        "INSERT INTO blogs_post_tags (post_id, tag_id) SELECT {other}, id FROM blogs_tag WHERE slug = 'old'",
        "New tag",
    ),
    "an author": (
        "UPDATE blogs_author SET name = 'New name' WHERE slug = 'ada'",
        "INSERT INTO blogs_post_authors (post_id, author_id) SELECT {other}, id FROM blogs_author WHERE slug = 'ada'",
        "New name",
    ),
    "an image": (
        "UPDATE blogs_image SET width = 1234",
        "UPDATE blogs_post SET cover_id = (SELECT id FROM blogs_image) WHERE id = {other}",
        'width="1234"',
    ),
}


@pytest.mark.parametrize("what", LINKS)
def test_a_post_that_begins_to_show_a_row_during_the_commit_of_its_change_shows_the_change(
    what, post, techblog, financeblog, publish
):
    sql, link, marker = LINKS[what]
    link = link.format(other=publish("Another", on=financeblog, slug="p-here").post_id)

    with meanwhile(GENERATION, techblog.pk):
        change = in_a_transaction(lambda: execute(sql))
        wait_until_blocked(ROWS)
        linked = in_a_transaction(lambda: execute(link))
        wait_until_blocked(ADVISORY)
        assert marker not in late()
    change.results()
    linked.results()

    assert marker in late()


def test_a_transaction_that_waits_for_a_foreign_key_blocks_no_commit(techblog, financeblog, publish):
    with meanwhile("SELECT FROM django_site WHERE id = %s FOR UPDATE", financeblog.pk) as other:

        def write_and_place():
            placement = publish("Written", on=techblog)
            publish("", on=financeblog, post=placement.post, slug="p-here")

        placement = in_a_transaction(write_and_place)
        wait_until_blocked(ROWS)
        other.execute("UPDATE tenancy_sitesettings SET tagline = 'New tagline' WHERE site_id = %s", [financeblog.pk])
    placement.results()

    assert "New tagline" in late()


@pytest.mark.parametrize("moment", ["DEFERRED", "IMMEDIATE"])
def test_a_change_is_recorded_whether_constraints_are_deferred_or_immediate(post, techblog, moment):
    assert "Old title" in late("/p/", "techblog.test")

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET CONSTRAINTS ALL {moment}")
        cursor.execute("UPDATE blogs_post SET title = 'New title' WHERE id = %s", [post.pk])
        cursor.execute("UPDATE blogs_post SET title = 'Newer title' WHERE id = %s", [post.pk])

    assert "Newer title" in late("/p/", "techblog.test")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM tenancy_change")
        assert cursor.fetchone() == (0,)


def test_a_transaction_with_a_stricter_isolation_level_is_refused(post):
    with pytest.raises(DatabaseError, match="Use READ COMMITTED"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("UPDATE blogs_post SET title = 'New title'")
    assert Post.objects.get().title == "Old title"


def test_a_commit_with_a_recorded_change_that_this_release_does_not_know_is_refused(post):
    with (
        pytest.raises(DatabaseError, match="Run the transaction again"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "INSERT INTO tenancy_change VALUES (pg_current_xact_id()::text::bigint, 'of another release', '{}')"
        )
        cursor.execute("UPDATE blogs_post SET title = 'New title'")
    assert Post.objects.get().title == "Old title"
