"""Old addresses lead to their new ones, or respond with 410 if they were removed on purpose."""

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.dateparse import parse_datetime

from blogs import publishing, redirects
from blogs.models import Placement, Redirect, Tag
from blogs.paths import old_path_key
from blogs.redirects.lookup import MAX_DEPTH
from tenancy import lifecycle
from tests.support.reading import read

FORMER_FEEDS = ["/feed.xml", "/feed.atom", "/index.xml", "/rss.xml", "/atom.xml", "/feed", "/rss/", "/rss"]


@pytest.fixture
def redirect(techblog):
    """redirect("/old/", "/new/"): stores a redirect of the techblog as its operator."""

    def redirect(old, new, *, site=techblog):
        row = Redirect(site=site, old_path=old, new_path=new)
        redirects.save(row, by=None)
        return row

    return redirect


def location(response):
    return response.status_code, response.get("Location")


# -- spellings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("/old", ["/old", "/old/", "/OLD/", "/Old"]),
        ("/2015/Name.html", ["/2015/name.html", "/2015/NAME.html/"]),
        ("/caf%C3%A9/", ["/café/", "/caf%c3%a9", "/cafe%CC%81/", "/CAF%C3%89/", "/caf%25C3%25A9/"]),
        ("/цены/", ["/%D1%86%D0%B5%D0%BD%D1%8B/", "/%d1%86%d0%b5%d0%bd%d1%8b", "/ЦЕНЫ/"]),
        ("/caf%e9/", ["/caf%E9/", "/caf%e9"]),
        ("/a%20b/", ["/a%20b/", "/a b/"]),
        ("/what%3F/", ["/what%3F/", "/what%3f"]),
        ("http://techblog.test/old/", ["/old/"]),
        ("https://WWW.techblog.test:8000/old/", ["/old/"]),
        ("  /old/ ", ["/old/"]),
    ],
)
def test_an_old_path_matches_in_each_spelling(techblog, redirect, visit, typed, asked):
    lifecycle.add_domain(techblog, "www.techblog.test", by=None)
    redirect(typed, "/new/")

    for path in asked:
        assert location(visit(techblog, path)) == (301, "/new/"), path
    assert visit(techblog, "/older/").status_code == 404


@pytest.mark.parametrize("path", ["/a/", "/a", "/A/B.html", "/%25", "/%e9/", "/*", "/a/*", "/", "/İ/", "/x//"])
def test_the_key_of_an_old_path_is_its_own_key(path):
    assert old_path_key(old_path_key(path)) == old_path_key(path)


def test_a_redirect_keeps_the_query_string_cached_and_uncached(techblog, redirect, visit, publish):
    publish("New", on=techblog)
    redirect("/old/", "/new/?a=1#part")
    redirect("/no/such/view.html", "/new/")

    for _ in range(2):
        assert location(visit(techblog, "/old/")) == (301, "/new/?a=1#part")
        assert location(visit(techblog, "/old/?utm=x&a=2")) == (301, "/new/?a=1&utm=x#part")
        assert location(visit(techblog, "/no/such/view.html?utm=x")) == (301, "/new/?utm=x")
    hit = read(techblog.domain, "/old/", {"utm": "y"})
    assert (hit.headers["X-Cache"], hit.headers["Location"]) == ("HIT", "/new/?a=1&utm=y#part")


def test_the_target_of_an_own_url_is_stored_as_its_path_and_a_foreign_url_as_it_is(techblog, redirect, visit):
    assert redirect("/a/", "http://TECHBLOG.test/caf%C3%A9/?x=1").new_path == "/café/?x=1"
    assert redirect("/b/", "https://elsewhere.test/B/?x=1").new_path == "https://elsewhere.test/B/?x=1"

    assert location(visit(techblog, "/a/")) == (301, "/caf%C3%A9/?x=1")
    assert location(visit(techblog, "/b/")) == (301, "https://elsewhere.test/B/?x=1")


def test_a_redirect_is_of_its_own_site_only(techblog, financeblog, redirect, visit):
    redirect("/old/", "/new/")
    redirect("/x/*", "/*")

    assert visit(financeblog, "/old/").status_code == visit(financeblog, "/x/y/").status_code == 404


# -- patterns ----------------------------------------------------------------------------------------------------------


def test_a_pattern_redirects_all_addresses_below_it_and_the_longest_one_wins(techblog, redirect, visit):
    for old, new in (
        ("/blog/*", "/*"),
        ("/blog/2015/*", "https://archive.test/2015/*"),
        ("/blog/2015/kept/", "/kept/"),
        ("/shop/*", "/about/"),
        ("/spam/*", ""),
    ):
        redirect(old, new)

    for path, target in {
        "/blog/hello/": "/hello/",
        "/blog/a/b.html?x=1": "/a/b.html?x=1",
        "/blog/": "/",
        "/blog": "/",
        "/BLOG/Hello/": "/Hello/",
        "/blog/caf%C3%A9?": "/caf%C3%A9",
        "/blog/2015/A-b/": "https://archive.test/2015/A-b/",
        "/blog/2015/kept": "/kept/",
        "/shop/x/y/": "/about/",
    }.items():
        assert location(visit(techblog, path)) == (301, target), path
    assert visit(techblog, "/spam/x/").status_code == 410
    assert visit(techblog, "/blogs/").status_code == 404


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/x//evil.test/", "/evil.test/"),
        ("/x/%2Fevil.test/", "/evil.test/"),
        ("/x/%5Cevil.test/", "/%5Cevil.test/"),
        ("/x/%09/evil.test/", "/%09/evil.test/"),
        ("/x/%250d%250aA:b", "/%250d%250aA:b"),
        ("/x/a%3Fb%23c", "/a%3Fb%23c"),
        ("/x/@evil.test", "/@evil.test"),
    ],
)
def test_the_rest_of_an_address_cannot_lead_to_another_host(techblog, redirect, path, expected):
    redirect("/x/*", "/*")

    response = Client(headers={"host": techblog.domain}).get(path)

    assert location(response) == (301, expected)


def test_a_pattern_covers_no_page_and_no_address_that_the_site_itself_uses(techblog, publish, redirect, visit):
    publish("Hello", on=techblog)
    redirect("/*", "https://elsewhere.test/*")

    for path in ("/hello/", "/", "/feed/", "/robots.txt"):
        assert visit(techblog, path).status_code == 200, path
    assert location(visit(techblog, "/hello")) == (301, "/hello/")
    for path in ("/-/nothing/", "/media/" + "0" * 32 + ".png", "/static/none.css"):
        assert visit(techblog, path, cached=False).status_code == 404, path
    assert location(visit(techblog, "/gone/Away")) == (301, "https://elsewhere.test/gone/Away")


def test_a_pattern_may_cover_its_own_target_and_never_redirects_to_it(techblog, publish, redirect, visit):
    redirect("/news/*", "/news/")

    assert location(visit(techblog, "/news/x/")) == (301, "/news/")
    assert visit(techblog, "/news/").status_code == 404
    publish("News", on=techblog)
    assert visit(techblog, "/news/").status_code == 200


def test_the_number_of_queries_is_fixed_for_any_depth_and_number_of_redirects(techblog, redirect):
    client = Client(headers={"host": techblog.domain})

    def counted(path):
        client.get(path)
        with CaptureQueriesContext(connection) as captured:
            client.get(path)
        return len(captured)

    few = {path: counted(path) for path in ("/a/b/", "/" + "x/" * 200, "/deep/" * 20 + "x.html")}
    Redirect.objects.bulk_create(
        Redirect(site=techblog, old_path=f"/{n}/*", new_path="/").fill_keys() for n in range(2000)
    )
    redirect("/a/*", "/new/")
    assert {path: counted(path) for path in few} == few
    assert max(few.values()) == 1
    with CaptureQueriesContext(connection) as captured:
        redirects.find(techblog, "/" + "x/" * 200)
    (query,) = captured
    assert query["sql"].count("/*'") == MAX_DEPTH + 1


# -- old feeds ---------------------------------------------------------------------------------------------------------


def test_former_addresses_of_feeds_lead_to_the_feed_unless_the_site_uses_them(techblog, publish, redirect, visit):
    for path in FORMER_FEEDS:
        assert location(visit(techblog, path)) == (301, "/feed/"), path

    redirect("/index.xml", "https://elsewhere.test/feed")
    publish("RSS", on=techblog)
    assert location(visit(techblog, "/index.xml"))[1] == "https://elsewhere.test/feed"
    assert visit(techblog, "/rss/").status_code == 200


# -- what is refused ---------------------------------------------------------------------------------------------------


def refused(redirect, old, new):
    with pytest.raises(ValidationError) as refusal:
        redirect(old, new)
    return " ".join(refusal.value.messages)


def test_an_address_of_a_page_is_refused_with_the_remedy(techblog, publish, redirect):
    publish("Hello", on=techblog)
    Placement.objects.get().post.tags.add(Tag.objects.create(site=techblog, slug="python", name="Python"))
    month = f"{Placement.objects.get().published_at:/%Y/%m/}"

    for path in ("/hello/", "/HELLO", "/tag/python/", "/tag/python/feed/", month, "/feed/", "/robots.txt"):
        assert "is the address of a page of techblog.test" in refused(redirect, path, "/new/"), path
    redirect("/tag/none/", "/new/")
    redirect("/1999/01/", "/new/")


def test_an_address_that_resembles_that_of_a_page_can_be_redirected(techblog, publish, redirect, visit):
    publish("My post", on=techblog)
    redirect("/my_post/", "/other/")

    for path in ("/my_post/", "/MY_POST"):
        assert location(visit(techblog, path)) == (301, "/other/")
    assert location(visit(techblog, "/MY-POST")) == (301, "/my-post/")


def test_an_old_path_that_can_never_match_is_refused_with_the_remedy(redirect):
    assert "Remove the ? and everything after it" in refused(redirect, "/?p=12", "/new/")
    assert "Remove the # and everything after it" in refused(redirect, "/old/#part", "/new/")
    assert "whose domains are techblog.test" in refused(redirect, "https://elsewhere.test/old/", "/new/")


def test_chains_are_resolved_when_they_are_stored(redirect):
    redirect("/b/", "/c/")
    assert redirect("/a/", "/B?x=1").new_path == "/c/?x=1"
    redirect("/c/", "https://elsewhere.test/")

    assert dict(Redirect.objects.values_list("old_path", "new_path")) == {
        "/a/": "https://elsewhere.test/?x=1",
        "/b/": "https://elsewhere.test/",
        "/c/": "https://elsewhere.test/",
    }


def test_chains_through_patterns_are_resolved(redirect):
    redirect("/a/", "/blog/x/")
    redirect("/p/*", "/blog/q/*")
    redirect("/blog/*", "/*")
    redirect("/late/", "/blog/y/")

    assert dict(Redirect.objects.values_list("old_path", "new_path")) == {
        "/a/": "/x/",
        "/p/*": "/q/*",
        "/blog/*": "/*",
        "/late/": "/y/",
    }


def test_a_page_ends_a_chain_and_so_does_a_draft(techblog, publish, redirect):
    redirect("/hello/", "/elsewhere/")
    publish("Hello", on=techblog)
    publish("Draft", on=techblog, at=None)
    redirect("/*", "https://elsewhere.test/*")

    assert redirect("/a/", "/hello/").new_path == "/hello/"
    assert redirect("/b/", "/draft/").new_path == "/draft/"


@pytest.mark.parametrize(
    ("stored", "old", "new"),
    [
        ([("/b/", "/a/")], "/a/", "/b/"),
        ([("/b/", "/c/"), ("/c/", "/d/")], "/d/", "/B"),
        ([("/a/*", "/b/*")], "/b/*", "/a/*"),
        ([("/b/z/", "/a/z/")], "/a/*", "/b/*"),
        ([("/a/*", "/b/")], "/b/", "/a/c/"),
        ([], "/x/*", "/x/y/*"),
        ([], "/*", "/b/*"),
    ],
)
def test_a_loop_is_refused_and_changes_nothing(redirect, stored, old, new):
    for before, after in stored:
        redirect(before, after)
    rows = list(Redirect.objects.values_list("old_path", "new_path"))

    assert "There would be a loop" in refused(redirect, old, new)
    assert list(Redirect.objects.values_list("old_path", "new_path")) == rows


def test_a_loop_that_a_page_hides_is_refused_because_the_page_may_be_unpublished(techblog, publish, redirect):
    redirect("/b/", "/a/")
    publish("B", on=techblog)

    assert "There would be a loop: /b/ → /a/ → /b/." in refused(redirect, "/a/", "/b/")


def test_a_target_that_is_gone_is_refused(redirect):
    redirect("/b/", "")

    assert "/b/ was removed on purpose (410)" in refused(redirect, "/a/", "/b/")


def test_a_redirect_can_be_saved_again_and_edited(redirect):
    row = redirect("/old/", "/new/")
    redirects.save(row, by=None)
    row.new_path = "/newer/"
    redirects.save(row, by=None)
    row.old_path = "/older/"
    redirects.save(row, by=None)

    assert Redirect.objects.get() == row
    assert (row.old_path, row.new_path) == ("/older/", "/newer/")
    assert "already has a redirect" in refused(redirect, "/OLDER", "/x/")


def test_a_moved_post_with_the_longest_slug_keeps_its_old_address(techblog, publish, visit):
    placement = publish("Hello", on=techblog, slug="x" * 200)

    publishing.change_placement(placement, {"slug": "y" * 200}, by=None)

    assert location(visit(techblog, f"/{'x' * 200}/")) == (301, f"/{'y' * 200}/")


# -- 410 ---------------------------------------------------------------------------------------------------------------


def test_the_addresses_of_a_deleted_post_respond_with_410_on_all_its_sites(techblog, financeblog, shared, visit):
    publishing.change_placement(Placement.objects.get(site=techblog), {"slug": "second"}, by=None)

    publishing.delete_post(shared, by=None)

    for site, path in ((techblog, "/ledgers/"), (techblog, "/second/"), (financeblog, "/python-ledgers/")):
        response = visit(site, path)
        page = response.content.decode()
        assert response.status_code == 410, path
        assert "removed" in page and site.name in page
        assert response["Cache-Control"] == "no-store"
        assert "noindex" in page
    assert visit(financeblog, "/ledgers/").status_code == visit(techblog, "/python-ledgers/").status_code == 404


def test_a_removed_placement_responds_with_410_on_its_site_and_the_post_stays_elsewhere(
    techblog, financeblog, shared, visit
):
    publishing.remove(Placement.objects.get(site=financeblog), by=None)

    assert visit(financeblog, "/python-ledgers/").status_code == 410
    assert visit(techblog, "/ledgers/").status_code == 200


@pytest.mark.parametrize("at", [None, "2099-01-01T00:00Z"], ids=["draft", "scheduled"])
def test_the_address_of_a_post_that_was_never_live_responds_with_404_after_its_deletion(techblog, publish, visit, at):
    placement = publish("Secret", on=techblog, at=at and parse_datetime(at))

    publishing.delete_post(placement.post, by=None)

    assert visit(techblog, "/secret/").status_code == 404
    assert not Redirect.objects.exists()


def test_an_unpublished_post_responds_with_404_and_after_its_deletion_with_410(techblog, publish, visit):
    placement = publish("Hello", on=techblog)
    publishing.unpublish(placement, by=None)
    assert visit(techblog, "/hello/").status_code == 404
    publishing.change_placement(placement, {"slug": "never-live"}, by=None)

    publishing.delete_post(placement.post, by=None)

    assert visit(techblog, "/hello/").status_code == 410
    assert visit(techblog, "/never-live/").status_code == 404


def test_a_new_post_at_the_address_ends_the_410_for_good(techblog, publish, visit):
    publishing.delete_post(publish("Hello", on=techblog).post, by=None)
    assert visit(techblog, "/hello/").status_code == 410

    again = publish("Hello", on=techblog)
    assert visit(techblog, "/hello/").status_code == 200
    publishing.unpublish(again, by=None)

    assert visit(techblog, "/hello/").status_code == 404


def test_deleting_the_entry_ends_the_410(techblog, publish, visit):
    publishing.delete_post(publish("Hello", on=techblog).post, by=None)
    assert visit(techblog, "/hello/").status_code == 410

    redirects.delete(Redirect.objects.get(), by=None)

    assert visit(techblog, "/hello/").status_code == 404


def test_deleting_a_site_leaves_no_redirect(techblog, publish, redirect):
    redirect("/old/", "/new/")
    publishing.delete_post(publish("Hello", on=techblog).post, by=None)
    lifecycle.delete(techblog, by=None)

    assert not Redirect.objects.exists()
