"""Public pages have titles, canonical URLs, Open Graph metadata and JSON-LD."""

import json
import re
from datetime import UTC, datetime
from html import unescape
from io import BytesIO

import pytest
from PIL import Image as PillowImage

from blogs.models import Author, Image, Tag
from lib.languages import with_territory
from tenancy import lifecycle
from tenancy.themes import theme_names
from tests.support.pictures import picture

pytestmark = pytest.mark.sqlite

NASTY = "</title></script><!--\"'><b>&amp;"


@pytest.fixture(params=theme_names())
def site(request, installation):
    """One site for each theme, because all themes must give the same metadata."""
    return lifecycle.create(
        "kind.test", "Kind", theme=request.param, tagline="A kind blog", time_zone="Europe/Berlin", by=None
    )


@pytest.fixture
def post(site, publish):
    """A post with a value for each field."""
    cover = Image(site=site, file=picture())
    cover.save()
    moment = datetime(2025, 3, 14, 23, 30, tzinfo=UTC)
    placement = publish(
        "Ledgers",
        on=site,
        at=moment,
        excerpt="What they are.",
        cover=cover,
        cover_alt="A ledger",
        updated_at=datetime(2025, 4, 1, tzinfo=UTC),
    )
    placement.post.authors.add(
        Author.objects.create(site=placement.site, slug="ada", name="Ada", bio="Wrote the first program.")
    )
    placement.post.tags.add(Tag.objects.create(site=placement.site, slug="books", name="Books"))
    return placement.post


@pytest.fixture
def head(visit):
    """head(site, path): the metadata of the page by name, and its JSON-LD by type."""

    def head(site, path="/", status=200):
        response = visit(site, path)
        assert response.status_code == status
        text = response.content.decode().partition("</head>")[0]
        meta = re.findall(r'<meta (?:name|property)="([^"]+)" content="([^"]*)"', text)
        found = {name: unescape(content) for name, content in meta}
        found["title"] = unescape(text.partition("<title>")[2].partition("</title>")[0])
        found["canonical"] = next(iter(re.findall(r'<link rel="canonical" href="([^"]*)">', text)), None)
        found["feeds"] = re.findall(r'<link rel="alternate" type="application/atom\+xml" [^>]*href="([^"]*)">', text)
        for block in re.findall(r'<script type="application/ld\+json">(.*?)</script>', text):
            found |= {thing["@type"]: thing for thing in json.loads(block)["@graph"]}
        return found

    return head


def test_the_metadata_of_a_post_describes_the_post(site, post, head):
    found = head(site, "/ledgers/")

    assert found["title"] == "Ledgers · Kind"
    assert found["description"] == found["og:description"] == "What they are."
    assert found["canonical"] == found["og:url"] == "http://kind.test/ledgers/"
    assert (found["og:type"], found["og:site_name"], found["og:locale"]) == ("article", "Kind", "en_US")
    assert found["og:image"] == f"http://kind.test{post.cover.get_absolute_url()}"
    assert found["og:image:alt"] == "A ledger"
    assert found["article:published_time"] == "2025-03-15T00:30:00+01:00"
    assert found["article:modified_time"] == "2025-04-01T02:00:00+02:00"
    assert found["article:tag"] == "Books"
    assert "robots" not in found

    posting = found["BlogPosting"]
    assert posting["headline"] == "Ledgers"
    assert posting["datePublished"] == found["article:published_time"]
    assert posting["author"] == [{"@type": "Person", "name": "Ada", "url": "http://kind.test/author/ada/"}]
    assert posting["image"]["url"] == found["og:image"]
    assert posting["keywords"] == ["Books"]
    assert found["BreadcrumbList"]["itemListElement"][0]["item"] == "http://kind.test/"


def test_each_kind_of_page_has_its_own_title_description_and_type(site, post, publish, head):
    publish("About us", on=site, kind="page", body="We like ledgers.")

    for path, title, description, kind in (
        ("/", "Kind · A kind blog", "A kind blog", "WebSite"),
        ("/tag/books/", "Books · Kind", "Posts about Books", "CollectionPage"),
        ("/author/ada/", "Ada · Kind", "Wrote the first program.", "ProfilePage"),
        ("/2025/03/", "March 2025 · Kind", "Posts from March 2025", "CollectionPage"),
        ("/about-us/", "About us · Kind", "We like ledgers.", "WebPage"),
    ):
        found = head(site, path)
        assert found["title"] == title
        assert found["description"].strip() == description
        assert found[kind]["url"] == found["canonical"] == f"http://kind.test{path}"


def test_the_page_of_a_tag_links_to_the_feeds_of_the_site_and_of_the_tag(site, post, head):
    assert head(site)["feeds"] == ["/feed/"]
    assert head(site, "/tag/books/")["feeds"] == ["/feed/", "/tag/books/feed/"]


def test_markup_in_titles_and_names_is_escaped_in_metadata(site, publish, head, visit):
    site.name = site.settings.tagline = NASTY
    site.save()
    site.settings.save()
    placement = publish(NASTY, on=site, slug="nasty", excerpt=NASTY, cover_alt=NASTY)
    placement.post.authors.add(Author.objects.create(site=placement.site, slug="ada", name=NASTY, bio=NASTY))
    placement.post.tags.add(Tag.objects.create(site=placement.site, slug="books", name=NASTY))

    for path in ("/", "/nasty/", "/tag/books/", "/author/ada/"):
        assert NASTY in head(site, path)["title"]
        page = visit(site, path).content.decode()
        assert page.count("</title>") == page.count("</script>") == 1
        assert "<!--" not in page
        assert "<b>&" not in page
    assert head(site, "/nasty/")["BlogPosting"]["headline"] == NASTY


def test_later_pages_of_a_list_and_404_pages_have_the_robots_value_noindex(site, publish, head):
    site.settings.posts_per_page = 1
    site.settings.save()
    _, newest = publish("Older", on=site, at=datetime(2025, 1, 1, tzinfo=UTC)), publish("Newer", on=site)

    for found in (head(site, f"/?before={newest.pk}"), head(site, "/none/", status=404)):
        assert found["robots"] == "noindex"
        assert found["canonical"] is None
    assert "robots" not in head(site)


def test_all_pages_of_a_site_hidden_from_search_engines_have_the_robots_value_noindex(site, post, head):
    site.settings.robots = "disallow"
    site.settings.save()

    for path in ("/", "/ledgers/", "/tag/books/", "/author/ada/", "/2025/03/"):
        assert head(site, path)["robots"] == "noindex"


def test_the_logo_is_on_each_page_and_the_image_of_posts_without_a_cover(site, publish, head, visit):
    site.settings.logo.save("logo.png", picture(), save=True)
    address = f"/media/{site.settings.logo.name.rpartition('/')[2]}"
    publish("Plain", on=site)

    assert f'src="{address}"' in visit(site).content.decode()
    found = head(site, "/plain/")
    assert found["og:image"] == found["BlogPosting"]["publisher"]["logo"]["url"] == f"http://kind.test{address}"
    assert visit(site, address).status_code == 200


def test_each_page_has_a_picture_with_its_size_and_its_description(site, post, publish, head, visit):
    publish("Plain", on=site)

    for path in ("/", "/ledgers/", "/plain/", "/tag/books/", "/author/ada/", "/2025/03/"):
        found = head(site, path)
        assert found["og:image"].startswith("http://kind.test/")
        response = visit(site, found["og:image"].removeprefix("http://kind.test"))
        with PillowImage.open(BytesIO(response.getvalue())) as image:
            assert (str(image.width), str(image.height)) == (found["og:image:width"], found["og:image:height"])
        assert response["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert found["og:image:alt"] == ("A ledger" if path == "/ledgers/" else "Kind")


def test_a_cover_without_alternative_text_is_described_by_the_title(site, post, head):
    post.cover_alt = ""
    post.save()

    assert head(site, "/ledgers/")["og:image:alt"] == "Ledgers"


def test_pages_name_the_icons_of_their_site_and_the_policy_allows_to_fetch_robots_txt(site, visit):
    response = visit(site)
    page = response.content.decode()

    assert '<link rel="icon" href="/favicon.ico"' in page
    assert '<link rel="apple-touch-icon" href="/apple-touch-icon.png">' in page
    assert "data:image" not in page
    assert "connect-src 'self';" in response["Content-Security-Policy"]


def test_the_only_inline_style_of_a_page_sets_the_accent_colour(site, visit):
    response = visit(site)

    assert f"<style>:root{{--accent:{site.settings.accent}}}</style>" in response.content.decode()
    assert "<style" not in response.content.decode().replace("<style>", "", 1)


@pytest.mark.parametrize(
    ("language", "locale"), [("en", "en_US"), ("de", "de_DE"), ("pt-br", "pt_BR"), ("en-gb", "en_GB"), ("eo", "eo_XX")]
)
def test_the_open_graph_locale_is_the_language_with_its_usual_territory(language, locale):
    assert with_territory(language) in (locale, "")
