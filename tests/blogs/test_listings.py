"""Database triggers keep the lists of tags and authors equal to the placements, and pages read few of their rows."""

import random
from datetime import timedelta
from itertools import count

import pytest
from django.contrib.sites.models import Site
from django.db import connection, transaction
from django.utils import timezone

from blogs import listings, publishing
from blogs.listings import LISTINGS
from blogs.models import Author, Placement, Post, Redirect, Tag, TagListing
from tenancy import lifecycle
from tests.support.timing import InThreads
from tests.support.transactions import ADVISORY, ROWS, execute, in_a_transaction, meanwhile, wait_until_blocked

NOW = timezone.now()


def assert_lists_are_true():
    for listing in LISTINGS:
        with connection.cursor() as cursor:
            cursor.execute(listings.computed(listing))
            computed = sorted(cursor.fetchall())
            columns = f"site_id, {listing.NAME}_id, published_at, placement_id, post_id"
            cursor.execute(f"SELECT {columns} FROM {listing._meta.db_table}")  # noqa: S608  # names of our own tables
            assert sorted(cursor.fetchall()) == computed
    return TagListing.objects.count()


class Edits:
    """Random edits by the ORM, in bulk and by SQL. Each method is one edit."""

    def __init__(self, seed, sites):
        self.random, self.sites, self.number = random.Random(seed), sites, 0

    def any(self, rows):
        return self.random.choice(list(rows) or [None])

    def moment(self):
        return self.random.choice([None, NOW, NOW, NOW + timedelta(days=1), NOW - timedelta(days=self.random.random())])

    def write(self):
        self.number += 1
        kind = self.random.choice(["post", "post", "page"])
        post = Post.objects.create(home=self.any(self.sites), title=f"Post {self.number}", kind=kind)
        post.tags.set(self.random.sample(list(Tag.objects.all()), 5))
        post.authors.set(self.random.sample(list(Author.objects.all()), 5))
        for _ in self.sites:
            self.place(post)

    def place(self, post=None):
        post, site = post or self.any(Post.objects.all()), self.any(self.sites)
        if post and not Placement.objects.filter(post=post, site=site).exists():
            self.number += 1
            Placement.objects.create(post=post, site=site, slug=f"s-{self.number}", published_at=self.moment())

    def publish(self):
        if placement := self.any(Placement.objects.all()):
            placement.published_at = self.moment()
            placement.save()

    def publish_in_bulk(self):
        Placement.objects.filter(site=self.any(self.sites)).update(published_at=self.moment())

    def publish_by_sql(self):
        moment = connection.ops.adapt_datetimefield_value(self.moment())  # as Django stores it
        execute("UPDATE blogs_placement SET published_at = %s WHERE site_id = %s", moment, self.any(self.sites).pk)

    def rename(self):
        Placement.objects.filter(pk=getattr(self.any(Placement.objects.all()), "pk", 0)).update(pinned=True)

    def move_placement(self):
        if placement := self.any(Placement.objects.all()):
            free = Site.objects.exclude(placements__post=placement.post).first()
            Placement.objects.filter(pk=placement.pk).update(site=free or placement.site)

    def give_placement_to_another_post(self):
        placement, post = self.any(Placement.objects.all()), self.any(Post.objects.all())
        if placement and not Placement.objects.filter(post=post, site=placement.site).exists():
            Placement.objects.filter(pk=placement.pk).update(post=post)

    def remove(self):
        Placement.objects.filter(pk=getattr(self.any(Placement.objects.all()), "pk", 0)).delete()

    def tag(self):
        if post := self.any(Post.objects.all()):
            post.tags.set(self.random.sample(list(Tag.objects.all()), self.random.randrange(4)))

    def write_by_lines(self):
        if post := self.any(Post.objects.all()):
            post.authors.set(self.random.sample(list(Author.objects.all()), self.random.randrange(3)))

    def change_link_by_sql(self):
        if link := self.any(Post.tags.through.objects.all()):
            taken = Post.tags.through.objects.filter(post=link.post_id).values("tag")
            if tag := self.any(Tag.objects.exclude(pk__in=taken)):
                execute("UPDATE blogs_post_tags SET tag_id = %s WHERE id = %s", tag.pk, link.pk)

    def change_kind(self):
        Post.objects.filter(pk=getattr(self.any(Post.objects.all()), "pk", 0)).update(
            kind=self.random.choice(["post", "page"])
        )

    def delete_post(self):
        if Post.objects.count() > 4:
            self.any(Post.objects.all()).delete()

    def delete_tag(self):
        if Tag.objects.count() > 6:
            self.any(Tag.objects.all()).delete()

    def step(self):
        edits = [name for name in vars(Edits) if not name.startswith("_") and name not in {"any", "moment", "step"}]
        getattr(self, self.random.choice([*edits, "write", "write", "write"]))()


@pytest.mark.sqlite
@pytest.mark.parametrize("seed", range(3))
def test_the_lists_follow_random_edits(seed, techblog, financeblog):
    sites = [techblog, financeblog, lifecycle.create("cookblog.test", "Cookblog", by=None)]
    for site in sites:
        for name in ("a", "b", "c"):
            Tag.objects.create(site=site, slug=name, name=name)
            Author.objects.create(site=site, slug=name, name=name)
    edits, most = Edits(seed, sites), 0
    for _ in range(6):
        edits.write()

    for _ in range(40):
        with transaction.atomic():
            for _ in range(edits.random.randint(1, 3)):
                edits.step()
        most = max(most, assert_lists_are_true())

    assert most > 3
    lifecycle.delete(sites[2], move_home_to=techblog, by=None)
    assert_lists_are_true()


@pytest.mark.sqlite
def test_publishing_keeps_the_lists(shared, techblog, financeblog):
    publishing.edit_post(shared, {"tags": {"python": "Python"}}, by=None, version=1)
    assert assert_lists_are_true() == 2

    publishing.unpublish(shared.placements.get(site=financeblog), by=None)
    assert assert_lists_are_true() == 1
    publishing.edit_post(shared, {"kind": "page"}, by=None, version=2)
    assert assert_lists_are_true() == 0


@pytest.mark.sqlite
def test_a_placement_that_another_post_gets_leaves_the_lists_of_the_former_post(techblog, publish):
    placements = [publish(title, on=techblog) for title in ("Former", "Other")]
    for placement in placements:
        publishing.edit_post(placement.post, {"tags": {"go": "Go"}}, by=None, version=1)
    former, other = placements
    publishing.remove(other, by=None)

    Placement.objects.filter(pk=former.pk).update(post=other.post)

    assert assert_lists_are_true() == 1


@pytest.mark.parametrize("first", ["tag", "placement"])
def test_two_transactions_that_do_not_see_each_other_list_the_post(first, techblog, publish):
    placement, tag = publish("Hello", on=techblog, at=None), Tag.objects.create(site=techblog, slug="go", name="Go")
    changes = {
        "tag": ("INSERT INTO blogs_post_tags (post_id, tag_id) VALUES (%s, %s)", placement.post_id, tag.pk),
        "placement": ("UPDATE blogs_placement SET published_at = now() WHERE id = %s", placement.pk),
    }
    with meanwhile(*changes.pop(first)):
        execute(*changes.popitem()[1])
        assert assert_lists_are_true() == 0

    assert assert_lists_are_true() == 1


@pytest.mark.parametrize("first", ["tag", "placement"])
def test_two_transactions_that_commit_at_the_same_time_list_the_post(first, techblog, publish):
    placement, tag = publish("Hello", on=techblog, at=None), Tag.objects.create(site=techblog, slug="go", name="Go")

    def change(what):
        if what == "tag":
            Post.tags.through.objects.create(post=placement.post, tag=tag)
        else:
            Placement.objects.update(published_at=NOW)

    def commit_slowly():
        change(first)
        Redirect.objects.create(site=techblog, old_path="/old/", new_path="/")

    with meanwhile("SELECT FROM tenancy_generation WHERE site_id = %s FOR UPDATE", techblog.pk):
        earlier = in_a_transaction(commit_slowly)
        wait_until_blocked(ROWS)
        later = in_a_transaction(lambda: change("placement" if first == "tag" else "tag"))
        wait_until_blocked(ADVISORY)
    earlier.results()
    later.results()

    assert assert_lists_are_true() == 1


def test_a_commit_leaves_no_recorded_change(shared):
    publishing.edit_post(shared, {"tags": {"python": "Python"}}, by=None, version=1)

    with connection.cursor() as cursor:
        cursor.execute("SELECT post_id FROM blogs_listing_change")
        assert cursor.fetchall() == []


def test_transactions_that_create_the_same_tags_do_not_deadlock(techblog, financeblog):
    numbers = count()

    def create():
        names = [(f"t{number}", f"T{number}") for number in range(8)]
        for _ in range(5):
            random.shuffle(names)
            post = Post(home=techblog, title=f"Post {next(numbers)}")
            with transaction.atomic():
                publishing.create_post(post, by=None, tags=dict(names))
                publishing.place(Placement(post=post, site=financeblog, published_at=NOW), by=None)

    InThreads(create, 4).results()

    assert Tag.objects.count() == 16
    assert assert_lists_are_true() == 4 * 5 * 8


@pytest.mark.sqlite
def test_installing_missing_triggers_fills_the_lists(shared):
    publishing.edit_post(shared, {"tags": {"python": "Python"}}, by=None, version=1)
    trigger = "newsstand_relist" if connection.vendor == "postgresql" else "newsstand_relist_blogs_placement_update"
    execute(f"DROP TRIGGER {trigger}{' ON blogs_placement' if connection.vendor == 'postgresql' else ''}")
    Placement.objects.update(published_at=None)
    assert TagListing.objects.count() == 2

    listings.install(connection)

    assert assert_lists_are_true() == 0
    Placement.objects.update(published_at=NOW)
    assert assert_lists_are_true() == 2
