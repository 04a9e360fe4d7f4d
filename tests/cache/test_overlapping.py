"""Two transactions overlap, and neither sees the other: whichever ends later, all pages show what both have done.

SQLite has one writer at a time: nothing to prove there.
"""

from contextlib import contextmanager

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from blogs.models import Author, Image, Tag
from tests.pictures import picture
from tests.processes import until_all_know
from tests.reading import read

HERE = "/p-here/"


@contextmanager
def meanwhile(sql, *parameters):
    """A change of somebody else, which is committed at the end of the block."""
    address = connection.settings_dict
    with psycopg.connect(
        host=address["HOST"],
        port=address["PORT"],
        user=address["USER"],
        password=address["PASSWORD"],
        dbname=address["NAME"],
    ) as other:
        other.execute(sql, parameters)
        yield
        other.commit()


def late(path=HERE, host="financeblog.test"):
    """What readers get who come after a change must be known."""
    until_all_know()
    answers = [read(host, path) for _ in range(2)]
    assert [answer.status for answer in answers] == [200, 200]
    return answers[-1].body.decode()


@pytest.fixture
def post(techblog, publish):
    """At home on the techblog, with a tag, an author and a cover."""
    cover = Image.objects.create(site=techblog, file=picture())
    post = publish("Old title", on=techblog, slug="p", cover=cover).post
    post.tags.add(Tag.objects.create(slug="old", name="Old tag"))
    post.authors.add(Author.objects.create(slug="ada", name="Old name"))
    return post


CHANGES = {
    "a post is edited": ("UPDATE blogs_post SET title = 'New title' WHERE id = {post}", "New title", True),
    "a tag is added": ("INSERT INTO blogs_post_tags (post_id, tag_id) VALUES ({post}, {tag})", "Another tag", True),
    "a tag is renamed": ("UPDATE blogs_tag SET name = 'New tag' WHERE slug = 'old'", "New tag", True),
    "an author is renamed": ("UPDATE blogs_author SET name = 'New name' WHERE slug = 'ada'", "New name", True),
    "an image is measured anew": ("UPDATE blogs_image SET width = 1234", 'width="1234"', True),
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
def test_a_post_is_placed_on_another_site_while(what, post, techblog, financeblog, publish):
    sql, marker, is_shown = CHANGES[what]
    tag = Tag.objects.create(slug="another", name="Another tag")

    with meanwhile(sql.format(post=post.pk, home=techblog.pk, tag=tag.pk)):
        publish("", on=financeblog, post=post, slug="p-here")
        assert (marker in late()) is not is_shown

    assert (marker in late()) is is_shown


def test_a_draft_is_published_while_it_is_edited(techblog, publish):
    placement = publish("Old title", on=techblog, slug="p", at=None)

    with meanwhile("UPDATE blogs_post SET title = 'New title' WHERE id = %s", placement.post_id):
        placement.published_at = timezone.now()
        placement.save()
        assert "Old title" in late("/p/", "techblog.test")

    assert "New title" in late("/p/", "techblog.test")


def test_an_edit_ends_before_the_placement_that_did_not_see_it(post, financeblog, publish):
    slot = publish("Another", on=financeblog, slug="p-here")

    with meanwhile("UPDATE blogs_placement SET post_id = %s WHERE id = %s", post.pk, slot.pk):
        post.title = "New title"
        post.save()
        assert "Another" in late()

    assert "New title" in late()
