"""Pages are in the language of their site, and text in another language is marked."""

import json
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import NamedTuple

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from blogs import publishing
from blogs.models import Author, Image, Placement, Post, Tag
from lib.languages import words_of
from lib.languages.words import GAP
from tenancy import lifecycle
from tenancy.models import SiteSettings
from tenancy.themes import theme_names
from tests.support.pictures import picture

pytestmark = pytest.mark.sqlite

ENGLISH = words_of("en")[0]._asdict()
VOID = {"br", "hr", "img", "input", "link", "meta", "wbr"}
READ = {"alt", "aria-label", "title", "content"}  # attributes that readers see or hear


class Text(NamedTuple):
    text: str
    lang: str
    dir: str
    place: str  # the name of the element, or of the attribute


class Reader(HTMLParser):
    """Collects the texts of a page with their language and direction."""

    def __init__(self):
        super().__init__()
        self.open = [("", "", "")]
        self.texts = []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        _, lang, direction = self.open[-1]
        lang, direction = attributes.get("lang", lang), attributes.get("dir", direction)
        for name in READ & attributes.keys():
            if tag != "meta" or attributes.get("name") == "description":
                self.texts.append(Text(attributes[name], lang, direction, name))
        if tag not in VOID:
            self.open.append((tag, lang, direction))

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        tag, lang, direction = self.open[-1]
        if data.strip() and tag not in ("script", "style"):
            self.texts.append(Text(data.strip(), lang, direction, tag))


def texts_of(response):
    reader = Reader()
    reader.feed(response.content.decode())
    return reader.texts


def pieces(words):
    """The literal parts of words, without punctuation around them."""
    return {part.strip(" ,:·") for word in words for part in GAP.split(word)} - {""}


def shows(text, piece):
    return re.search(rf"(?<!\w){re.escape(piece)}(?!\w)", text)


@pytest.fixture(params=theme_names())
def speaking(request, installation, publish):
    """speaking("de"): a site in this language with each kind of page, and the paths of its pages."""

    def speaking(language):
        site = lifecycle.create(
            f"{language}.test", "Zzq", theme=request.param, language=language, time_zone="Europe/Berlin", by=None
        )
        site.settings.posts_per_page = 1
        site.settings.save()
        publish("Info", on=site, kind="page", pinned=True, body="xx")
        ada, bob = (Author.objects.create(site=site, slug=name, name=name.title()) for name in ("ada", "bob"))
        tag = Tag.objects.create(site=site, slug="qq", name="Qq")
        body = "> [!NOTE]\n> xx\n\n## Yy\n\n| xx |\n|---|\n| yy |\n\n    zz\n"
        for number in range(2):
            placement = publish(
                f"Xx {number}",
                on=site,
                at=datetime(2024, 3, 1 + number, tzinfo=UTC),
                excerpt="xx",
                body=body,
                pinned=not number,
            )
            placement.post.authors.set([ada, bob])
            placement.post.tags.set([tag])
        Post.objects.update(updated_at=timezone.now())
        publishing.remove(publish("Weg", on=site), by=None)
        first = Placement.objects.get(slug="xx-0")
        paths = [
            "/",
            f"/?before={first.pk}",
            "/xx-0/",
            "/info/",
            "/tag/qq/",
            "/author/ada/",
            "/2024/03/",
            "/none/",
            "/weg/",
        ]
        return site, paths

    return speaking


def test_a_page_in_german_shows_no_english_word(speaking, visit):
    site, paths = speaking("de")
    same = {name for name, word in ENGLISH.items() if word == getattr(words_of("de")[0], name)}
    english = pieces(word for name, word in ENGLISH.items() if name not in same)
    seen = set()

    for path in paths:
        for text in texts_of(visit(site, path)):
            assert not [piece for piece in english if shows(text.text, piece)], (path, text)
            seen.add(text.text)

    german = words_of("de")[0]
    shown = " ".join(seen)
    not_here = {
        "no_posts",
        "by_label",
        "by",
        "published",
        "updated",
        "updated_on",
        "tip",
        "important",
        "warning",
        "caution",
    }
    for name, word in german._asdict().items():
        assert name in not_here or all(piece in shown for piece in pieces([word])), name


def test_a_site_without_posts_says_so_in_its_language(installation, visit):
    for code, text in (("fr", "Aucun article n’a encore été publié."), ("sk", ENGLISH["no_posts"])):
        site = lifecycle.create(f"{code}.test", "Zzq", language=code, by=None)

        (found,) = [each for each in texts_of(visit(site)) if each.text == text]
        assert found.lang == ("fr" if code == "fr" else "en")


@pytest.mark.parametrize("language", ["cs", "he"])
def test_english_words_on_a_page_of_a_language_without_words_are_marked_and_no_other_text_is(speaking, visit, language):
    site, paths = speaking(language)
    english = pieces(ENGLISH.values())
    marked = set()

    for path in paths:
        for text in texts_of(visit(site, path)):
            if text.place in ("title", "content"):  # A part of a title cannot be marked.
                continue
            if [piece for piece in english if shows(text.text, piece)]:
                assert text.lang == "en", (path, text)
                assert text.dir == "ltr" or text.place == "aria-label" or language == "cs", (path, text)
                marked.add(text.text)
            else:
                assert text.lang == language or not re.search(r"[^\W\d]", text.text), (path, text)

    assert {"Older posts", "Newest posts", "Skip to content", "Page not found", "Main", "Footer", "Table"} <= marked


def test_pages_in_arabic_are_written_from_right_to_left(speaking, visit):
    site, paths = speaking("ar")

    for path in paths:
        page = visit(site, path).content.decode()
        assert '<html lang="ar" dir="rtl">' in page
    assert "5 مارس 2024" not in page
    assert "1 مارس 2024" in visit(site, "/xx-0/").content.decode()
    assert "<h1>مارس 2024</h1>" in visit(site, "/2024/03/").content.decode()
    assert "Ada</a> و<a" in visit(site, "/xx-0/").content.decode()


@pytest.mark.parametrize(
    ("language", "byline"),
    [
        ("en", "By {0}, {1} and {2}"),
        ("de", "Von {0}, {1} und {2}"),
        ("ja", "著者：{0}、{1}、{2}"),
        ("pl", "Tekst: {0}, {1} i {2}"),
    ],
)
def test_a_byline_has_the_form_of_the_language(installation, publish, visit, language, byline):
    site = lifecycle.create("by.test", "By", theme="broadsheet", language=language, by=None)
    placement = publish("Xx", on=site)
    links = []
    for name in ("A&B", "Bob", "Cy"):
        placement.post.authors.add(author := Author.objects.create(site=site, slug=name[0].lower(), name=name))
        links.append(f'<a href="/author/{author.slug}/" rel="author">{name.replace("&", "&amp;")}</a>')

    for path in ("/", "/xx/"):
        assert byline.format(*links) in visit(site, path).content.decode()


# -- a post in another language ----------------------------------------------------------------------------------------


@pytest.fixture(params=theme_names())
def german(request, installation):
    return lifecycle.create("german.test", "Deutsch", theme=request.param, language="de", by=None)


@pytest.fixture
def guest(techblog, german, publish):
    """A post of the English techblog that the German site shows as well, with an author and a tag there."""
    post = publish("Hello", on=techblog, excerpt="In short.", cover=cover_of(techblog), cover_alt="A room").post
    publish("", on=german, post=post, slug="hello")
    post.authors.add(Author.objects.create(site=german, slug="ada", name="Ada"))
    post.tags.add(Tag.objects.create(site=german, slug="neu", name="Neues"))
    return post


def cover_of(site):
    return Image.objects.create(site=site, file=picture())


def languages_of(response, *texts):
    found = {text.text: (text.lang, text.dir) for text in texts_of(response) if text.place not in ("title", "content")}
    return [found[text] for text in texts]


def test_a_post_whose_home_has_another_language_is_marked_on_the_site(techblog, german, guest, visit):
    assert '<article class="post" lang="en" dir="ltr">' in visit(german, "/hello/").content.decode()
    for path in ("/", "/hello/"):
        texts = {text.text: text for text in texts_of(visit(german, path)) if text.place not in ("title", "content")}
        assert texts["Hello"][1:3] == ("en", "ltr")
        assert texts["Ada"].lang == "de"
        assert "A room" not in texts or texts["A room"][1:3] == ("en", "ltr")
    assert languages_of(visit(german, "/"), "In short.") == [("en", "ltr")]
    assert languages_of(visit(german, "/hello/"), "Text.", "Neues") == [("en", "ltr"), ("de", "ltr")]

    for path in ("/", "/hello/"):
        assert re.findall(' lang="([^"]*)"', visit(techblog, path).content.decode()) == ["en"]


def test_the_metadata_and_the_feed_entry_of_a_post_name_its_language(techblog, german, guest, visit):
    def metadata(site):
        page = visit(site, "/hello/").content.decode()
        graph = json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', page)[1])["@graph"]
        return re.search('og:locale" content="([^"]*)"', page)[1], graph[0]["inLanguage"]

    assert metadata(german) == metadata(techblog) == ("en_US", "en")
    assert '<feed xml:lang="de" ' in (feed := visit(german, "/feed/").content.decode())
    assert '<entry xml:lang="en">' in feed
    assert "<entry><title>" in visit(techblog, "/feed/").content.decode()


def test_a_change_of_the_language_of_the_home_changes_the_pages_of_other_sites(techblog, german, guest, visit):
    assert 'lang="en"' in visit(german, "/hello/").content.decode()

    SiteSettings.objects.filter(site=techblog).update(language="fr")

    assert '<article class="post" lang="fr" dir="ltr">' in visit(german, "/hello/").content.decode()


@pytest.mark.parametrize("kind", ["post", "page"])
def test_a_post_with_a_language_of_its_own_is_marked_at_its_home_but_not_on_a_site_of_this_language(
    techblog, german, publish, visit, kind
):
    post = publish("Titel", on=techblog, language="de", body='"Text"', kind=kind, pinned=True).post
    publish("", on=german, post=post, slug="titel", pinned=True)

    at_home, there = visit(techblog, "/titel/"), visit(german, "/titel/")

    assert languages_of(at_home, "„Text“") == [("de", "ltr")]
    assert re.findall(' lang="([^"]*)"', there.content.decode()) == ["de"]
    assert languages_of(visit(techblog, "/"), "Titel") == [("de", "ltr")]


def test_a_post_from_right_to_left_has_this_direction_on_a_site_from_left_to_right(techblog, publish, visit):
    publish("عنوان", on=techblog, slug="arabic", language="ar", body="نص")

    assert '<article class="post" lang="ar" dir="rtl">' in visit(techblog, "/arabic/").content.decode()
    assert '<h2 lang="ar" dir="rtl">' in visit(techblog).content.decode()


def test_an_unknown_language_of_a_post_is_refused(techblog, publish):
    with pytest.raises(ValidationError, match="language"):
        publish("Hello", on=techblog, language="xx")
    post = publish("Hello", on=techblog).post
    assert publishing.edit_post(post, {"language": "ar"}, by=None, version=1).language == "ar"
