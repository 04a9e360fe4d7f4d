"""A change retires the pages of the sites that depend on the changed row before or after it, and of no other site."""

import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.contrib.sites.models import Site
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from blogs import publishing, redirects
from blogs.listings import LISTINGS
from blogs.models import Author, Image, Placement, Post, Redirect, Tag
from tenancy import lifecycle
from tenancy.changes import watches
from tenancy.models import Generation, SiteSettings
from tenancy.registry.site_registry import registry
from tests.support.pictures import picture
from tests.support.public_urls import URL_NAMES, path_of
from tests.support.reading import read

pytestmark = pytest.mark.sqlite

TECH, FINANCE, COOK = HOSTS = "techblog.test", "financeblog.test", "cookblog.test"
LISTS = ["/", "/feed/", "/sitemap.xml"]
PAGES = {TECH: [*LISTS, "/ledgers/", "/local/"], FINANCE: [*LISTS, "/python-ledgers/"], COOK: [*LISTS, "/soup/"]}
NOW, TOMORROW = timezone.now(), timezone.now() + timedelta(days=1)


@pytest.fixture
def cast(techblog, financeblog, shared, publish, stranger):
    """The techblog is the home of `shared` (also on the financeblog), `local` and `draft`; the cookblog has `soup`.

    `shared` and `draft` have the tag, the author and the cover.
    """
    cook = lifecycle.create(COOK, "Cookblog", by=None)
    cast = SimpleNamespace(tech=techblog, finance=financeblog, cook=cook, publish=publish, shared=shared, user=stranger)
    cast.local, cast.soup = publish("Local", on=techblog).post, publish("Soup", on=cook).post
    cast.draft = publish("Draft", on=techblog, at=None).post
    cast.tag = Tag.objects.create(site=techblog, slug="python", name="Python")
    cast.author = Author.objects.create(site=techblog, slug="ada", name="Ada")
    cast.cover = Image.objects.create(site=techblog, file=picture())
    for post in (shared, cast.draft):
        names = {"tags": {"python": "Python"}, "authors": [cast.author], "cover": cast.cover}
        publishing.edit_post(post, names, by=None, version=1)
    cast.guest_tag, cast.guest_author = (model.objects.get(site=financeblog) for model in (Tag, Author))
    cast.cook_tag = Tag.objects.create(site=cook, slug="python", name="Python")
    cast.at_home, cast.as_guest = placement(shared, techblog), placement(shared, financeblog)
    redirects.moved(techblog, old_path="/old/", new_path="/local/")
    return cast


def placement(post, site):
    return Placement.objects.get(post=post, site=site)


def save(row, **values):
    for name, value in values.items():
        setattr(row, name, value)
    row.save()


def new_post(home):
    return Post.objects.create(home=home, title="New", body="Text.")


def place_in_bulk(post, *sites):
    Placement.objects.bulk_create(Placement(post=post, site=site, slug="bulk", published_at=NOW) for site in sites)


def sql(statement, key):
    with connection.cursor() as cursor:
        cursor.execute(statement, [key])


# Description of a change → (the sites whose pages it retires, a function that makes it).
CHANGES = {
    # Placements.
    "a post is published": ({TECH}, lambda c: c.publish("New", on=c.tech)),
    "a post is scheduled": ({TECH}, lambda c: c.publish("New", on=c.tech, at=TOMORROW)),
    "a draft is written": (set(), lambda c: c.publish("New", on=c.tech, at=None)),
    "a draft is published": ({TECH}, lambda c: save(placement(c.draft, c.tech), published_at=NOW)),
    "a draft gets another slug": (set(), lambda c: save(placement(c.draft, c.tech), slug="renamed")),
    "a post is placed on one more site": ({COOK}, lambda c: c.publish("", on=c.cook, post=c.local, slug="guest")),
    "a shared post moves from its home": ({TECH, FINANCE, COOK}, lambda c: save(c.at_home, site=c.cook)),
    "a shared post is replaced at home": ({TECH, FINANCE}, lambda c: save(c.at_home, post=new_post(c.tech))),
    "a placement moves": ({TECH, COOK}, lambda c: save(placement(c.local, c.tech), site=c.cook)),
    "a shared post is removed elsewhere": ({FINANCE}, lambda c: c.as_guest.delete()),
    "a shared post becomes a draft elsewhere": ({FINANCE}, lambda c: save(c.as_guest, published_at=None)),
    "a shared post gets another slug elsewhere": ({FINANCE}, lambda c: save(c.as_guest, slug="renamed")),
    "a shared post is withdrawn from its home": ({TECH, FINANCE}, lambda c: c.at_home.delete()),
    "a shared post becomes a draft at home": ({TECH, FINANCE}, lambda c: save(c.at_home, published_at=None)),
    "a shared post is postponed at home": ({TECH, FINANCE}, lambda c: save(c.at_home, published_at=TOMORROW)),
    "a shared post gets another slug at home": ({TECH, FINANCE}, lambda c: save(c.at_home, slug="renamed")),
    "a shared post is pinned at home": ({TECH}, lambda c: save(c.at_home, pinned=True)),
    "placements are created in bulk": ({FINANCE, COOK}, lambda c: place_in_bulk(c.local, c.finance, c.cook)),
    # Posts.
    "a draft is edited": (set(), lambda c: (save(c.draft, body="Another."), c.draft.tags.clear())),
    "a post is edited": ({TECH}, lambda c: save(c.local, body="Another text.")),
    "a shared post is edited": ({TECH, FINANCE}, lambda c: save(c.shared, title="Better")),
    "a shared post gets another home": ({TECH, FINANCE}, lambda c: save(c.shared, home=c.finance, cover=None)),
    "a shared post is deleted": ({TECH, FINANCE}, lambda c: c.shared.delete()),
    "posts are updated in bulk": ({TECH, FINANCE}, lambda c: Post.objects.filter(home=c.tech).update(summary="One.")),
    "a post is edited by SQL": ({TECH}, lambda c: sql("UPDATE blogs_post SET title = 'SQL' WHERE id = %s", c.local.pk)),
    "a tag is added to a post": ({COOK}, lambda c: c.soup.tags.add(c.cook_tag)),
    "a tag of another site is added to a post": (set(), lambda c: c.soup.tags.add(c.tag)),
    "a tag is added to a shared post": ({TECH, FINANCE}, lambda c: publishing.edit_post(
        c.shared, {"tags": {"python": "Python", "new": "New"}}, by=None, version=2)),
    "a tag is removed from a shared post": ({FINANCE}, lambda c: c.shared.tags.remove(c.guest_tag)),
    "a tag is renamed": ({TECH}, lambda c: publishing.rename_tag(c.tag, "Snakes", by=None)),
    "a tag of a guest is renamed": ({FINANCE}, lambda c: save(c.guest_tag, name="Snakes")),
    "tags are renamed in bulk": ({TECH, FINANCE}, lambda c: Tag.objects.update(name="Snakes")),
    "a tag is deleted": ({FINANCE}, lambda c: c.guest_tag.delete()),
    "a tag of the home is deleted": ({TECH, FINANCE}, lambda c: publishing.delete_tag(c.tag, by=None)),
    "an unused tag is renamed": (set(), lambda c: save(Tag.objects.create(site=c.tech, slug="x", name="X"), name="Y")),
    "an author is added to a post": ({TECH}, lambda c: c.author.posts.add(c.local)),
    "an author is removed from a post": ({TECH}, lambda c: c.shared.authors.remove(c.author)),
    "an author is renamed in bulk": ({TECH, FINANCE}, lambda c: Author.objects.update(name="Ada Lovelace")),
    "an author gets another slug": ({TECH}, lambda c: save(c.author, slug="lovelace")),
    "an author gets a biography": ({TECH}, lambda c: publishing.edit_author(c.author, {"bio": "Wrote."}, by=None)),
    "an author of a guest gets a biography": ({FINANCE}, lambda c: save(c.guest_author, bio="Wrote programs.")),
    "an author gets an account": (set(), lambda c: save(c.author, user=c.user)),
    "the width of a cover changes": ({TECH, FINANCE}, lambda c: Image.objects.update(width=7)),
    "the height of a cover changes": ({TECH, FINANCE}, lambda c: Image.objects.update(height=9)),
    "a cover gets another name": ({TECH, FINANCE}, lambda c: Image.objects.update(name=f"{'0' * 32}.png")),
    "a cover is deleted": ({TECH, FINANCE}, lambda c: c.cover.delete()),
    "an image gets another title": (set(), lambda c: save(c.cover, title="Machine room")),
    "an image is uploaded": (set(), lambda c: Image.objects.create(site=c.tech, file=picture(7, 5))),
    "a redirect is changed": ({TECH}, lambda c: Redirect.objects.update(new_path="/")),
    # Sites.
    "a site gets another tagline": ({TECH}, lambda c: save(c.tech.settings, tagline="Another")),
    "a site gets another name": ({TECH}, lambda c: Site.objects.filter(pk=c.tech.pk).update(name="Another")),
    "a site gets a further domain": (
        {FINANCE},
        lambda c: lifecycle.add_domain(c.finance, "www.financeblog.test", by=None),
    ),
    "a home is renamed": ({TECH, FINANCE}, lambda c: lifecycle.rename(c.tech, "renamed.test", by=None)),
    "a site with a shared post is renamed": ({FINANCE}, lambda c: lifecycle.rename(c.finance, "renamed.test", by=None)),
    "a home gets another language": (
        {TECH, FINANCE},
        lambda c: SiteSettings.objects.filter(site=c.tech).update(language="de"),
    ),
    "a site with a shared post gets another language": (
        {FINANCE},
        lambda c: SiteSettings.objects.filter(site=c.finance).update(language="de"),
    ),
    "a shared post gets a language": (
        {TECH, FINANCE},
        lambda c: publishing.edit_post(c.shared, {"language": "de"}, by=None, version=2),
    ),
    "a home is suspended": ({TECH, FINANCE}, lambda c: lifecycle.suspend(c.tech, by=None)),
    "a site with a shared post is suspended": ({FINANCE}, lambda c: lifecycle.suspend(c.finance, by=None)),
    "all sites are suspended": ({TECH, FINANCE, COOK}, lambda c: SiteSettings.objects.update(state="suspended")),
    "a home is deleted": ({TECH, FINANCE}, lambda c: lifecycle.delete(c.tech, move_home_to=c.finance, by=None)),
    "a site is created": (set(), lambda c: lifecycle.create("fourth.test", "Fourth", by=None)),
}  # fmt: skip


def read_when_known(host, path="/robots.txt"):
    """Request the page from a process whose registry knows the last change."""
    registry.expire()
    return read(host, path)


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_retires_the_pages_of_exactly_the_affected_sites(cast, what):
    retired, change = CHANGES[what]
    spared = [(host, path) for host in HOSTS if host not in retired for path in PAGES[host]]
    for host in HOSTS:
        read_when_known(host)
    for host, path in spared:
        assert read(host, path).status == 200

    change(cast)

    hits = {host for host in HOSTS if read_when_known(host).headers.get("X-Cache") == "HIT"}
    assert set(HOSTS) - hits == retired
    for host, path in spared:
        page = read(host, path)
        assert page.headers["X-Cache"] == "HIT"
        assert page.body == Client(headers={"host": host}).get(path).content, (
            f"{host}{path} changes with “{what}”, but the change did not retire it"
        )


def test_the_canonical_url_returns_to_the_home_when_the_home_is_resumed(cast):
    at_home, here = b'href="http://techblog.test/ledgers/"', b'href="http://financeblog.test/python-ledgers/"'

    for change, canonical in ((lifecycle.suspend, here), (lifecycle.resume, at_home)):
        read(FINANCE, "/python-ledgers/")
        change(cast.tech, by=None)
        page = read_when_known(FINANCE, "/python-ledgers/")
        assert page.headers["X-Cache"] == "MISS"
        assert b'<link rel="canonical" ' + canonical in page.body


def test_a_transaction_that_is_rolled_back_retires_no_pages(cast):
    for host in HOSTS:
        read_when_known(host)

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        for what in ("a shared post is edited", "a site gets another tagline", "a post is placed on one more site"):
            CHANGES[what][1](cast)
        assert 1 / 0

    assert [read_when_known(host).headers["X-Cache"] for host in HOSTS] == ["HIT"] * 3


def test_every_table_that_pages_read_is_watched(cast):
    client = Client(headers={"host": TECH})
    registry.expire()
    with CaptureQueriesContext(connection) as captured:
        for name in set(URL_NAMES) - {"media"}:
            assert client.get(path_of(name, cast.at_home)).status_code == 200, name
        assert client.get("/old/").status_code == 301
    tables = {table for query in captured for table in re.findall(r'(?:FROM|JOIN) "(\w+)"', query["sql"])}

    assert {"blogs_post", "blogs_post_authors", "blogs_image", "blogs_redirect"} <= tables
    kept = {model._meta.db_table for model in (*LISTINGS, Generation)}  # triggers write them
    assert tables <= kept | {model._meta.db_table for model in watches.watched()}
