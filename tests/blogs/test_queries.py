"""The number of queries of each page is constant for any number of posts and sites, and each query uses an index."""

import re
from datetime import timedelta
from itertools import count

import pytest
from django.contrib.sites.models import Site
from django.db import connection, transaction
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from blogs import queries as blog_queries
from blogs.models import Author, AuthorListing, Image, MediaFile, Placement, Post, Tag, TagListing
from blogs.models.compiled import Parameter
from blogs.models.placements import ID_RANGE
from blogs.pages import sitemaps
from blogs.slugs import free_slug
from devstack.processes import wait_until
from tenancy.models import Domain, SiteSettings
from tenancy.registry.site_registry import registry
from tests.support.pictures import picture
from tests.support.recordings import recording

QUERIES = {
    "/": 1,
    "/?before={before}": 2,
    "/deep-0/": 1,
    "/about/": 1,
    "/tag/python/": 2,
    "/author/ada/": 2,
    "/{year}/{month}/": 1,
    "/feed/": 1,
    "/tag/python/feed/": 2,
    "/sitemap.xml": 2,
    "/robots.txt": 0,
    "/favicon.ico": 0,
    "/apple-touch-icon.png": 0,
    "/preview.png": 0,
    "/media/{image}": 1,
    "/media/{video}": 1,
    "/nothing-here/": 2,
}


@pytest.fixture
def content(techblog, publish):
    """The techblog with twelve posts that have a cover, a tag and an author, and a page in the menu."""
    begin = timezone.now() - timedelta(days=3)
    image = Image.objects.create(site=techblog, file=picture())
    video = MediaFile.objects.create(site=techblog, file=recording())
    python, ada = (
        Tag.objects.create(site=techblog, slug="python", name="Python"),
        Author.objects.create(site=techblog, slug="ada", name="Ada"),
    )
    for n in range(12):
        post = publish(
            f"Deep {n}",
            on=techblog,
            cover=image,
            body=f"![]({video.get_absolute_url()})",
            at=begin + timedelta(minutes=n),
        ).post
        post.tags.add(python)
        post.authors.add(ada)
    publish("About", on=techblog, kind="page", pinned=True)
    return {
        "before": Placement.objects.get(slug="deep-3").pk,
        "image": image.name,
        "month": f"{begin:%m}",
        "video": video.name,
        "year": f"{begin:%Y}",
    }


def add_posts(site, count, *, prefix, body=""):
    """Add posts by bulk inserts. Their content does not matter to these tests."""
    begin = timezone.now() - timedelta(days=2)
    posts = Post.objects.bulk_create(
        Post(home=site, title=f"{prefix} {n}", body=body, body_html="<p>Text.</p>", summary="Text.")
        for n in range(count)
    )
    Placement.objects.bulk_create(
        Placement(post=post, site=site, slug=f"{prefix}-{n}", published_at=begin + timedelta(seconds=n))
        for n, post in enumerate(posts)
    )
    for through, other in (
        (Post.tags.through, {"tag": Tag.objects.get_or_create(site=site, slug="python", name="Python")[0]}),
        (Post.authors.through, {"author": Author.objects.get_or_create(site=site, slug="ada", name="Ada")[0]}),
    ):
        through.objects.bulk_create(through(post=post, **other) for post in posts)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def add_sites(count):
    """Add live sites. Their content does not matter to these tests."""
    with transaction.atomic():
        sites = Site.objects.bulk_create(
            Site(domain=f"neighbour-{n}.test", name=f"Neighbour {n}") for n in range(count)
        )
        SiteSettings.objects.bulk_create(SiteSettings(site=site) for site in sites)
        Domain.objects.bulk_create(Domain(site=site, name=site.domain, primary=True) for site in sites)
    # On a busy machine the registry may need longer to read these sites than a lookup waits for it.
    wait_until(lambda: registry.find(f"neighbour-{count - 1}.test"))


def queries(site, path):
    """The SQL of the second of two requests. The first request also fills the caches of the process for the site."""
    client = Client(headers={"host": site.domain})
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        response = client.get(path)
    assert response.status_code == (404 if "nothing" in path else 200), path
    return [query["sql"] for query in captured.captured_queries]


def test_the_number_of_queries_is_the_same_for_10_and_10_000_posts_and_for_2_and_1_000_sites(
    techblog, financeblog, content
):
    few = {path: len(queries(techblog, path.format(**content))) for path in QUERIES}
    assert few == QUERIES

    add_posts(techblog, 10_000, prefix="many")
    add_posts(financeblog, 10_000, prefix="foreign")
    assert {path: len(queries(techblog, path.format(**content))) for path in few} == few

    add_sites(998)
    assert {path: len(queries(techblog, path.format(**content))) for path in few} == few


def test_a_request_for_an_unknown_host_sends_no_query(techblog, visit, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert visit("unknown.test").status_code == 404


def test_no_page_scans_a_whole_table(techblog, financeblog, content):
    add_posts(techblog, 3_000, prefix="many")
    add_posts(financeblog, 20_000, prefix="foreign")

    for path in QUERIES:
        for sql in queries(techblog, path.format(**content)):
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN {sql}")
                plan = "\n".join(line for (line,) in cursor.fetchall())
            assert "Seq Scan on blogs_placement" not in plan, f"{path}\n{sql}\n{plan}"
            assert "Seq Scan on blogs_post " not in plan, f"{path}\n{sql}\n{plan}"


def test_a_free_slug_is_looked_up_in_the_index_of_the_site_and_the_slug(techblog):
    Author.objects.bulk_create(Author(site=techblog, slug=f"ada-{n}", name="Ada") for n in range(5_000))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE blogs_author")

    with CaptureQueriesContext(connection) as captured:
        assert free_slug("ada", Author.objects.filter(site=techblog), 100, taken={"ada"}) == "ada-5000"

    assert len(captured) == 6
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {captured.captured_queries[0]['sql']}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert re.search(r"Index Cond: .*site_id.*slug", plan), plan


def rows_read(site, path):
    """The number of rows of tables and indexes that the queries of the page read."""

    def of(node):
        own = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
        return own * ("Relation Name" in node) + sum(map(of, node.get("Plans", [])))

    total = 0
    for sql in queries(site, path):
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}")
            total += of(cursor.fetchone()[0][0]["Plan"])
    return total


def test_the_index_of_sitemaps_reads_no_row_per_post_and_a_part_reads_only_its_own_rows(
    techblog, financeblog, content, monkeypatch
):
    monkeypatch.setattr(sitemaps, "SINGLE_SIZE", 100)
    read = {}
    for number in (2_000, 8_000):
        # With very short posts, PostgreSQL would rather scan the table than look up some of its rows.
        add_posts(techblog, number, prefix=f"tech-{number}", body="Text. " * 250)
        add_posts(financeblog, number, prefix=f"finance-{number}", body="Text. " * 250)
        read[number] = rows_read(techblog, "/sitemap.xml")
    moved = Placement.objects.filter(site=techblog).order_by("-pk").values("pk")[:100]
    Placement.objects.filter(pk__in=list(moved.values_list("pk", flat=True))).update(id=50 * ID_RANGE + F("id"))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    part = Placement.objects.latest("pk").pk // ID_RANGE + 1

    assert max(read.values()) < 130, read
    assert rows_read(techblog, f"/sitemap-{part}.xml") < 500


def generic_plan(statement, options="", **values):
    """The rows of EXPLAIN for the generic plan, which PostgreSQL makes once for a prepared statement for all sites."""
    sql, parameters, _ = statement.compiled
    given = [values[one.name] if isinstance(one, Parameter) else one for one in parameters]
    places = count(1)
    with connection.cursor() as cursor:
        cursor.execute("SET plan_cache_mode = force_generic_plan")
        cursor.execute(f"PREPARE compiled AS {re.sub('%s', lambda _: f'${next(places)}', sql)}")
        cursor.execute(f"EXPLAIN {options} EXECUTE compiled ({', '.join(['%s'] * len(given))})", given)
        rows = [row for (row,) in cursor.fetchall()]
        cursor.execute("DEALLOCATE compiled")
        cursor.execute("RESET plan_cache_mode")
    return rows


def rows_in_plan(node):
    """The number of rows that all scans of this plan read, including rows that a filter removes."""
    below = sum(map(rows_in_plan, node.get("Plans", [])))
    own = node["Actual Rows"] + node.get("Rows Removed by Filter", 0) if "Scan" in node["Node Type"] else 0
    return below + own * node["Actual Loops"]


def test_pages_of_rare_and_common_tags_authors_and_months_read_few_rows(techblog, financeblog, content):
    add_sites(200)
    add_posts(financeblog, 20_000, prefix="many")
    oldest = Placement.objects.on(financeblog).order_by("published_at")[:15]
    rare = Tag.objects.create(site=financeblog, slug="rare", name="Rare")
    rare.posts.set([placement.post_id for placement in oldest])
    common, author = financeblog.tags.get(slug="python"), financeblog.authors.get()
    middle = Placement.objects.get(slug="many-10000")
    now = timezone.now()
    days = {"begin": now - timedelta(days=20), "end": now}

    for lists, name in ((TagListing, rare), (TagListing, common), (AuthorListing, author), (None, None)):
        first, below, last = blog_queries._listing_queries(lists) if lists else blog_queries._month_queries
        values = {"site": financeblog.pk, "moment": middle.published_at, "key": middle.pk, **days}
        for statement in (first(11), below(11, False), last()):
            (plan,) = generic_plan(statement, "(ANALYZE, FORMAT JSON)", name=name and name.pk, **values)
            assert rows_in_plan(plan[0]["Plan"]) <= 11 * 10, (name, plan)


def test_generic_plans_use_the_index_by_site_and_do_not_sort(techblog, financeblog, content):
    """PostgreSQL makes the plan for a site of average size. It must also be fast for the largest site."""
    add_sites(200)
    add_posts(financeblog, 20_000, prefix="many")

    statements = [
        blog_queries._home_page(11),
        blog_queries._home_page_below(11, False),
        blog_queries._post(),
        blog_queries._feed(20),
    ]
    for statement in statements:
        plan = "\n".join(generic_plan(statement, site=financeblog.pk, slug="many-1", key=7, moment=timezone.now()))
        assert re.search(r"Index Cond: \(+site_id = \$[0-9]+\)", plan), plan
        assert "  Sort  " not in plan, plan
        assert "Seq Scan on blogs_p" not in plan, plan
