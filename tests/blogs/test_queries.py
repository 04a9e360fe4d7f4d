"""The cost of a page does not grow: the same few queries for any number of posts and sites, each by an index."""

import re
from datetime import timedelta
from itertools import count

import pytest
from django.contrib.sites.models import Site
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from blogs import queries as blog_queries
from blogs.models import Author, Image, Placement, Post, Tag
from blogs.models.compiled import Parameter
from devstack.processes import wait_until
from tenancy.models import Domain, SiteSettings
from tenancy.registry.site_registry import registry
from tests.support.pictures import picture

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
    "/media/{image}": 1,
    "/nothing-here/": 2,
}


@pytest.fixture
def furnished(techblog, publish):
    """The techblog with one post of every trait, on which all others are modelled."""
    begin = timezone.now() - timedelta(days=3)
    image = Image.objects.create(site=techblog, file=picture())
    python, ada = Tag.objects.create(slug="python", name="Python"), Author.objects.create(slug="ada", name="Ada")
    for n in range(12):
        post = publish(f"Deep {n}", on=techblog, cover=image, at=begin + timedelta(minutes=n)).post
        post.tags.add(python)
        post.authors.add(ada)
    publish("About", on=techblog, kind="page", pinned=True)
    return {
        "before": Placement.objects.get(slug="deep-3").pk,
        "image": image.name,
        "month": f"{begin:%m}",
        "year": f"{begin:%Y}",
    }


def add_posts(site, count, *, prefix):
    """Posts without the work of saving each: only their number matters here."""
    begin = timezone.now() - timedelta(days=2)
    posts = Post.objects.bulk_create(
        Post(home=site, title=f"{prefix} {n}", body_html="<p>Text.</p>", summary="Text.") for n in range(count)
    )
    Placement.objects.bulk_create(
        Placement(post=post, site=site, slug=f"{prefix}-{n}", published_at=begin + timedelta(seconds=n))
        for n, post in enumerate(posts)
    )
    for through, other in (
        (Post.tags.through, {"tag": Tag.objects.get()}),
        (Post.authors.through, {"author": Author.objects.get()}),
    ):
        through.objects.bulk_create(through(post=post, **other) for post in posts)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def add_sites(count):
    """Sites that are served, and again only their number matters."""
    with transaction.atomic():
        sites = Site.objects.bulk_create(
            Site(domain=f"neighbour-{n}.test", name=f"Neighbour {n}") for n in range(count)
        )
        SiteSettings.objects.bulk_create(SiteSettings(site=site) for site in sites)
        Domain.objects.bulk_create(Domain(site=site, name=site.domain, primary=True) for site in sites)
    # So many may take a busy machine longer than a lookup waits.
    wait_until(lambda: registry.find(f"neighbour-{count - 1}.test"))


def queries(site, path):
    """The SQL of the second rendering: the first may build what the process keeps of the site."""
    client = Client(headers={"host": site.domain})
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(path)
    assert answer.status_code == (404 if "nothing" in path else 200), path
    return [query["sql"] for query in captured.captured_queries]


def test_each_page_costs_the_same_few_queries_with_10_or_10_000_posts_and_2_or_1_000_sites(
    techblog, financeblog, furnished
):
    few = {path: len(queries(techblog, path.format(**furnished))) for path in QUERIES}
    assert few == QUERIES

    few.pop("/sitemap.xml")  # grows to an index of parts
    add_posts(techblog, 10_000, prefix="many")
    add_posts(financeblog, 10_000, prefix="foreign")
    assert {path: len(queries(techblog, path.format(**furnished))) for path in few} == few

    add_sites(998)
    assert {path: len(queries(techblog, path.format(**furnished))) for path in few} == few


def test_an_unknown_host_costs_no_query(techblog, visit, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert visit("unknown.test").status_code == 404


def test_the_lists_read_by_index(techblog, financeblog, furnished):
    add_posts(techblog, 3_000, prefix="many")
    add_posts(financeblog, 20_000, prefix="foreign")

    for path in QUERIES:
        for sql in queries(techblog, path.format(**furnished)):
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN {sql}")
                plan = "\n".join(line for (line,) in cursor.fetchall())
            if path != "/sitemap.xml":  # which reads the whole site on purpose
                assert "Seq Scan on blogs_placement" not in plan, f"{path}\n{sql}\n{plan}"
                assert "Seq Scan on blogs_post " not in plan, f"{path}\n{sql}\n{plan}"


def kept_plan(statement, **values):
    """The one that PostgreSQL makes for all sites, once it has prepared the statement."""
    sql, parameters, _ = statement.compiled
    given = [values[one.name] if isinstance(one, Parameter) else one for one in parameters]
    places = count(1)
    with connection.cursor() as cursor:
        cursor.execute("SET plan_cache_mode = force_generic_plan")
        cursor.execute(f"PREPARE kept AS {re.sub('%s', lambda _: f'${next(places)}', sql)}")
        cursor.execute(f"EXPLAIN EXECUTE kept ({', '.join(['%s'] * len(given))})", given)
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("DEALLOCATE kept")
        cursor.execute("RESET plan_cache_mode")
    return plan


def test_the_plans_that_postgresql_keeps_begin_at_the_site_and_sort_nothing(techblog, financeblog, furnished):
    """They are made for a site of average size, and serve the largest."""
    add_sites(200)
    add_posts(financeblog, 20_000, prefix="many")

    statements = [
        blog_queries._home_page(11),
        blog_queries._home_page_below(False, 11),
        blog_queries._post(),
        blog_queries._feed(20),
    ]
    for statement in statements:
        plan = kept_plan(statement, site=financeblog.pk, slug="many-1", key=7, moment=timezone.now())
        assert re.search(r"Index Cond: \(+site_id = \$1\)", plan), plan
        assert "  Sort  " not in plan, plan
        assert "Seq Scan on blogs_p" not in plan, plan
