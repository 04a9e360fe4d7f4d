"""The content and the URLs of the public pages: lists, posts, feeds and sitemaps."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.urls import Resolver404, resolve
from django.utils import timezone

from blogs import publishing
from blogs.models import Author, Image, Placement, Redirect, Tag
from blogs.models.placements import ID_RANGE
from blogs.pages import sitemaps
from blogs.pages.urls import urlpatterns
from blogs.paths import RESERVED_SLUGS
from tenancy import lifecycle
from tests.support.pictures import SECRET, photo, picture

pytestmark = pytest.mark.sqlite

ATOM = {"atom": "http://www.w3.org/2005/Atom"}
SITEMAP = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}


@pytest.fixture
def series(techblog, publish):
    """Twelve posts, of which post 12 is the newest. A page of a list shows ten posts."""
    begin = timezone.now() - timedelta(days=20)
    return [publish(f"Post {n}", on=techblog, at=begin + timedelta(days=n)) for n in range(1, 13)]


def page_of(visit, site, path="/", **headers):
    response = visit(site, path, **headers)
    assert response.status_code == 200, path
    return response.content.decode()


def feed_of(visit, site, path="/feed/"):
    return ElementTree.fromstring(visit(site, path).content)  # noqa: S314  # own XML


def locations(visit, site, path="/sitemap.xml"):
    return [element.text for element in ElementTree.fromstring(visit(site, path).content).iterfind(".//s:loc", SITEMAP)]  # noqa: S314


# -- lists -----------------------------------------------------------------------------------------------------------


def test_the_home_page_lists_the_newest_posts_first_and_older_posts_on_the_next_page(techblog, series, visit):
    first = page_of(visit, techblog)
    assert first.index("Post 12") < first.index("Post 11") < first.index("Post 3")
    assert "Post 2<" not in first

    second = page_of(visit, techblog, f"/?before={series[2].pk}")
    assert "Post 2" in second
    assert "Post 1" in second
    assert "Post 3" not in second


def test_each_of_several_posts_published_at_the_same_time_is_listed_once(techblog, publish, visit):
    techblog.settings.posts_per_page = 2
    techblog.settings.save()
    moment = timezone.now() - timedelta(hours=1)
    for n in range(5):
        publish(f"Twin {n}", on=techblog, at=moment)

    seen, path = [], "/"
    while path:
        page = page_of(visit, techblog, path)
        seen += [n for n in range(5) if f"Twin {n}" in page]
        keys = page.split("?before=")
        path = f"/?before={keys[1].split(chr(34))[0]}" if len(keys) > 1 else None

    assert sorted(seen) == [0, 1, 2, 3, 4]


def test_a_pinned_post_is_at_the_top_of_only_the_first_page_of_a_list(techblog, series, visit):
    Placement.objects.filter(pk=series[0].pk).update(pinned=True)

    first = page_of(visit, techblog)
    assert first.index("Post 1<") < first.index("Post 12<")
    assert "Post 1<" not in page_of(visit, techblog, f"/?before={series[3].pk}")


def test_pages_are_in_no_list_or_feed_and_pinned_pages_are_in_the_menu(techblog, publish, visit):
    publish("About us", on=techblog, kind="page", pinned=True)
    publish("Imprint", on=techblog, kind="page")

    home = page_of(visit, techblog)
    assert 'href="/about-us/"' in home
    assert "Imprint" not in home
    assert "About us" not in visit(techblog, "/feed/").content.decode()
    assert page_of(visit, techblog, "/imprint/")


@pytest.mark.parametrize(
    "key", ["", "0", "-1", "x", "1e3", "9" * 40, "²", "%00", "1%27", "99999999", "draft", "foreign"]
)
def test_a_before_parameter_that_names_no_listed_post_gets_404(techblog, financeblog, publish, visit, key):
    if key == "draft":
        key = publish("Draft", on=techblog, at=None).pk
    elif key == "foreign":
        key = publish("Foreign", on=financeblog).pk

    assert visit(techblog, f"/?before={key}").status_code == 404


def test_the_pages_of_a_tag_an_author_and_a_month_list_only_their_posts(techblog, publish, visit):
    tagged = publish("Tagged", on=techblog, at=datetime(2025, 3, 31, 23, 30, tzinfo=UTC))
    publish("Another", on=techblog)
    tagged.post.tags.add(Tag.objects.create(site=techblog, slug="python", name="Python"))
    tagged.post.authors.add(
        Author.objects.create(site=techblog, slug="ada", name="Ada", bio="Wrote the first program.")
    )

    for path, words in (
        ("/tag/python/", "Python"),
        ("/author/ada/", "Wrote the first program."),
        ("/2025/03/", "March"),
    ):
        page = page_of(visit, techblog, path)
        assert "Tagged" in page
        assert words in page
        assert "Another" not in page
    for path in ("/tag/none/", "/author/none/", "/2025/04/", "/2025/13/", "/0000/01/", "/9999/12/"):
        assert visit(techblog, path).status_code == 404


def test_dates_are_in_the_language_and_time_zone_of_the_site(installation, publish, visit):
    site = lifecycle.create("berlin.test", "Berlin", language="de", time_zone="Europe/Berlin", by=None)
    publish("Silvester", on=site, at=datetime(2025, 2, 28, 23, 30, tzinfo=UTC))

    assert "1. März 2025" in page_of(visit, site)
    assert visit(site, "/2025/03/").status_code == 200
    assert visit(site, "/2025/02/").status_code == 404
    assert 'lang="de"' in page_of(visit, site)


# -- posts -----------------------------------------------------------------------------------------------------------


def test_the_canonical_url_of_a_shared_post_is_on_its_home_while_the_post_is_live_there(
    techblog, financeblog, shared, visit
):
    at_home = '<link rel="canonical" href="http://techblog.test/ledgers/">'
    here = '<link rel="canonical" href="http://financeblog.test/python-ledgers/">'
    assert at_home in page_of(visit, techblog, "/ledgers/")
    assert at_home in page_of(visit, financeblog, "/python-ledgers/")
    assert "http://financeblog.test/python-ledgers/" not in locations(visit, financeblog)
    assert "http://techblog.test/ledgers/" in locations(visit, techblog)

    Placement.objects.filter(site=techblog).update(published_at=None)
    assert here in page_of(visit, financeblog, "/python-ledgers/")
    assert visit(techblog, "/ledgers/").status_code == 404

    Placement.objects.filter(site=techblog).update(published_at=timezone.now())
    lifecycle.suspend(techblog, by=None)
    assert here in page_of(visit, financeblog, "/python-ledgers/")
    assert "http://financeblog.test/python-ledgers/" in locations(visit, financeblog)


def test_an_edited_post_changes_on_all_its_sites_and_a_removed_placement_disappears_from_one_site(
    techblog, financeblog, shared, visit
):
    shared.body = "Edited once."
    shared.save()
    for site, path in ((techblog, "/ledgers/"), (financeblog, "/python-ledgers/")):
        assert "Edited once." in page_of(visit, site, path)

    Placement.objects.get(site=financeblog).delete()
    assert visit(financeblog, "/python-ledgers/").status_code == 404
    assert visit(techblog, "/ledgers/").status_code == 200


def test_changing_a_slug_adds_a_redirect_on_that_site_only_and_never_a_chain_of_redirects(
    techblog, financeblog, shared, visit
):
    placement = Placement.objects.get(site=techblog)
    for slug in ("second", "third"):
        publishing.change_placement(placement, {"slug": slug}, by=None)

    for old in ("/ledgers/", "/second/"):
        response = visit(techblog, old)
        assert (response.status_code, response["Location"]) == (301, "/third/")
    assert visit(financeblog, "/ledgers/").status_code == 404
    assert visit(financeblog, "/python-ledgers/").status_code == 200

    publishing.change_placement(placement, {"slug": "ledgers"}, by=None)
    assert visit(techblog, "/ledgers/").status_code == 200
    assert visit(techblog, "/third/")["Location"] == "/ledgers/"


def test_an_unpublished_post_with_a_restored_slug_gets_404_and_no_redirect_to_itself(techblog, publish, visit):
    placement = publish("Hello", on=techblog)
    for slug in ("other", "hello"):
        publishing.change_placement(placement, {"slug": slug}, by=None)
    assert visit(techblog, "/other/")["Location"] == "/hello/"

    publishing.unpublish(placement, by=None)

    assert visit(techblog, "/hello/").status_code == 404


def test_changing_a_slug_does_not_change_redirects_of_other_sites_with_the_same_paths(
    techblog, financeblog, publish, visit
):
    placement = publish("Hello", on=techblog)
    for site in (techblog, financeblog):
        Redirect.objects.create(site=site, old_path="/old/", new_path="/hello/")
        Redirect.objects.create(site=site, old_path="/new/", new_path="/elsewhere/")

    publishing.change_placement(placement, {"slug": "new"}, by=None)

    assert visit(techblog, "/old/")["Location"] == "/new/"
    assert visit(techblog, "/new/").status_code == 200
    assert visit(financeblog, "/old/")["Location"] == "/hello/"
    assert visit(financeblog, "/new/")["Location"] == "/elsewhere/"


def test_changing_the_slug_of_a_draft_adds_no_redirect(techblog, publish, visit):
    placement = publish("Draft", on=techblog, at=None)
    publishing.change_placement(placement, {"slug": "other"}, by=None)

    assert visit(techblog, "/draft/").status_code == 404


def test_a_path_without_a_trailing_slash_is_redirected(techblog, publish, visit):
    publish("Hello", on=techblog)

    response = visit(techblog, "/hello")

    assert (response.status_code, response["Location"]) == (301, "/hello/")


def test_each_first_segment_of_the_urlconf_is_a_reserved_slug():
    used = {str(pattern.pattern).lstrip("^").split("/")[0] for pattern in urlpatterns}
    words = {segment for segment in used if segment.isalpha()}

    assert words
    assert words <= RESERVED_SLUGS


@pytest.mark.parametrize("path", ["/-/", "/-/feed/", "/-/x", "/-x/"])
def test_no_public_page_is_below_the_reserved_prefix(path):
    assert resolve("/x/", urlconf="blogs.pages.urls").url_name == "post"
    with pytest.raises(Resolver404):
        resolve(path, urlconf="blogs.pages.urls")


def test_an_image_in_a_post_is_loaded_lazily_with_its_size_and_served_as_immutable(techblog, publish, visit):
    image = Image.objects.create(site=techblog, file=picture(400, 300))
    publish("Picture", on=techblog, body=f"![a green field]({image.get_absolute_url()})")

    page = page_of(visit, techblog, "/picture/")
    tag = next(part for part in page.split("<img ")[1:] if image.name in part).split(">")[0]

    for attribute in ('width="400"', 'height="300"', 'loading="lazy"', 'alt="a green field"'):
        assert attribute in tag
    response = visit(techblog, image.get_absolute_url())
    assert response["Content-Type"] == "image/png"
    assert "immutable" in response["Cache-Control"]
    assert response["X-Content-Type-Options"] == "nosniff"


def test_a_photo_is_shown_upright_and_served_without_metadata_and_its_original_is_not_served(
    techblog, publish, visit, admin_as, owner
):
    image = Image.objects.create(site=techblog, file=ContentFile(photo("JPEG", orientation=6), "photo.jpg"))
    publish("Photo", on=techblog, body=f"![A room]({image.get_absolute_url()})")
    original = image.name.removesuffix(".jpg")

    page = page_of(visit, techblog, "/photo/")
    served = b"".join(visit(techblog, image.get_absolute_url()).streaming_content)

    assert 'width="48" height="64"' in page
    assert SECRET not in served
    for name in (
        original,
        f"originals/{original}",
        f"originals%2F{original}",
        f"{original}.jpg/../originals/{original}",
    ):
        assert visit(techblog, f"/media/{name}").status_code == 404
        response = admin_as(owner).get(f"/blogs/image/file/{name}", follow=True)  # the list, with a message
        assert response["Content-Type"].startswith("text/html")


# -- feeds, sitemap, robots.txt ----------------------------------------------------------------------------------------


def test_the_feed_has_the_full_content_with_absolute_urls(techblog, publish, visit):
    placement = publish("Hello", on=techblog, body="Whole *content* with a [link](/other/) and \x0b control.")
    placement.post.authors.set(
        [Author.objects.create(site=techblog, slug=name, name=name) for name in ("ada", "grace")]
    )

    feed = feed_of(visit, techblog)
    entry = feed.find("atom:entry", ATOM)

    assert entry.find("atom:link", ATOM).get("href") == "http://techblog.test/hello/"
    assert "<em>content</em>" in entry.find("atom:content", ATOM).text
    assert 'href="http://techblog.test/other/"' in entry.find("atom:content", ATOM).text
    assert [name.text for name in entry.iterfind("atom:author/atom:name", ATOM)] == ["ada", "grace"]


def test_feed_ids_stay_the_same_when_slug_domain_and_scheme_change(techblog, publish, visit, settings):
    placement = publish("Hello", on=techblog)
    placement.post.tags.add(Tag.objects.create(site=techblog, slug="python", name="Python"))

    def ids(site):
        feeds = [feed_of(visit, site, path) for path in ("/feed/", "/tag/python/feed/")]
        return [element.text for feed in feeds for element in feed.iterfind(".//atom:id", ATOM)]

    before = ids(techblog)
    publishing.change_placement(placement, {"slug": "other"}, by=None)
    lifecycle.rename(techblog, "renamed.test", by=None)
    settings.PUBLIC_SCHEME, settings.PUBLIC_PORT = "https", 8443

    assert ids(techblog) == before
    assert len(set(before)) == 3
    assert all(value.startswith("urn:uuid:") for value in before)
    assert "https://renamed.test:8443/other/" in visit(techblog, "/feed/").content.decode()


def test_an_imported_post_keeps_the_entry_id_of_its_old_blog_in_the_feeds_of_all_its_sites(
    techblog, financeblog, publish, visit
):
    placement = publish("Hello", on=techblog, feed_id="https://old.example.com/?a=1&b=2")
    publish("", on=financeblog, post=placement.post, slug="hello")

    for site in (techblog, financeblog):
        (entry,) = feed_of(visit, site, "/feed/").iterfind("atom:entry", ATOM)
        assert entry.find("atom:id", ATOM).text == "https://old.example.com/?a=1&b=2"


def spread_ids(each):
    """Change the ids of all placements, so that each range contains `each` of them."""
    for n, pk in enumerate(Placement.objects.order_by("pk").values_list("pk", flat=True)):
        Placement.objects.filter(pk=pk).update(id=(7 + n // each) * ID_RANGE + n)


def test_the_sitemap_of_a_large_site_is_an_index_of_sitemaps(techblog, series, visit, monkeypatch):
    whole = locations(visit, techblog)
    assert whole[0] == "http://techblog.test/"
    assert len(whole) == 13

    monkeypatch.setattr(sitemaps, "SINGLE_SIZE", 11)
    spread_ids(4)
    parts = locations(visit, techblog)
    numbers = sorted({pk // ID_RANGE + 1 for pk in Placement.objects.values_list("pk", flat=True)})
    assert len(numbers) == 3
    assert parts == [f"http://techblog.test/sitemap-{number}.xml" for number in numbers]
    assert [place for part in parts for place in locations(visit, techblog, urlsplit(part).path)] == whole


def test_a_part_of_the_sitemap_contains_pages_and_old_posts_but_no_draft_and_no_scheduled_post(
    techblog, financeblog, publish, visit, monkeypatch
):
    monkeypatch.setattr(sitemaps, "SINGLE_SIZE", 1)
    now = timezone.now()
    publish("Draft", on=techblog, at=None)
    publish("Scheduled", on=techblog, at=now + timedelta(days=1))
    publish("About", on=techblog, kind="page")
    publish("Old", on=techblog, at=now - timedelta(days=4_000))
    shared = publish("Shared", on=techblog).post
    publish("", on=financeblog, post=shared, slug="shared-there")
    publish("Foreign", on=financeblog)
    publish("", on=techblog, post=publish("Guest", on=financeblog).post, slug="guest-here")
    spread_ids(2)

    def found(site):
        parts = locations(visit, site)
        addresses = [place for part in parts for place in locations(visit, site, urlsplit(part).path)]
        return [address.removeprefix(f"http://{site.domain}") for address in addresses]

    assert found(techblog) == ["/", "/about/", "/old/", "/shared/"]
    assert found(financeblog) == ["/", "/foreign/", "/guest/"]


def test_robots_txt_allows_or_forbids_crawling_as_set_for_the_site(techblog, visit):
    assert "Sitemap: http://techblog.test/sitemap.xml" in page_of(visit, techblog, "/robots.txt")
    assert "Disallow: /\n" not in page_of(visit, techblog, "/robots.txt")

    techblog.settings.robots = "disallow"
    techblog.settings.save()
    assert "Disallow: /\n" in page_of(visit, techblog, "/robots.txt")


# -- properties of all public responses --------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/hello/", "/feed/", "/sitemap.xml", "/robots.txt", "/nothing/", "/about/"])
def test_public_pages_set_no_cookie_and_allow_only_get_and_head(techblog, publish, visit, path):
    publish("Hello", on=techblog)
    publish("About", on=techblog, kind="page")

    response = visit(techblog, path)
    assert not response.cookies
    assert "Cookie" not in response.get("Vary", "")
    if path != "/nothing/":
        assert visit(techblog, path, method="post").status_code == 405
        assert visit(techblog, path, method="head").status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/%00/", "/%ff%fe/", "/a%0d%0ab/", "/" + "a" * 3000 + "/", "/..%2f..%2f/", "/;/", "/hello/x.css"],
)
def test_a_malformed_path_gets_the_404_page_of_the_site(techblog, publish, visit, path):
    publish("Hello", on=techblog)

    response = visit(techblog, path)

    assert response.status_code == 404
    assert "Techblog" in response.content.decode()


def test_a_request_body_that_is_too_large_gets_413_and_a_post_to_a_public_page_gets_405(techblog, visit, settings):
    settings.MAX_REQUEST_BODY = 100

    for host in (techblog, settings.ADMIN_HOST):
        assert visit(host, "/", method="post", data={"field": "x" * 101}).status_code == 413
    response = visit(
        techblog, "/", method="post", data={"field": "x"}, cookie=f"{settings.CSRF_COOKIE_NAME}={'a' * 32}"
    )
    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")


def test_a_publication_time_must_be_in_a_year_that_has_archives(techblog, publish, visit):
    publish("Old", on=techblog, at=datetime(1901, 1, 1, tzinfo=UTC))
    assert visit(techblog, "/old/").status_code == 200

    for year in (1, 1850, 9999):
        with pytest.raises(ValidationError, match="out of range"):
            publish(f"Year {year}", on=techblog, at=datetime(year, 1, 2, tzinfo=UTC))
