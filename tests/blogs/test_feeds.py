"""Feeds of a site: absolute URLs in the content of entries, dates, and what feed readers make of the document."""

import time
from datetime import datetime
from xml.etree import ElementTree

import feedparser
import pytest

from blogs.models import Tag
from blogs.pages.feed_links import absolute_links
from blogs.pages.feeds import ENTRIES
from tests.support.pages import EVERYTHING

BASE = "http://blog.test/a-post/"
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.mark.pure
@pytest.mark.parametrize(
    ("html", "absolute"),
    [
        ('<a href="/other/">x</a>', '<a href="http://blog.test/other/">x</a>'),
        ('<a href="other/">x</a>', '<a href="http://blog.test/a-post/other/">x</a>'),
        ('<a href="../other/?a=1&amp;b=2">x</a>', '<a href="http://blog.test/other/?a=1&amp;b=2">x</a>'),
        ('<a href="#md-note">x</a>', '<a href="http://blog.test/a-post/#md-note">x</a>'),
        ('<a href="?page=2">x</a>', '<a href="http://blog.test/a-post/?page=2">x</a>'),
        ('<a href="">x</a>', '<a href="http://blog.test/a-post/">x</a>'),
        ('<a class="k" href=" /other/ " rel="me">x</a>', '<a class="k" href="http://blog.test/other/" rel="me">x</a>'),
        ('<img alt="" src="./a b.png">', '<img alt="" src="http://blog.test/a-post/a b.png">'),
        (
            '<img src="/a.png" srcset="/a.png 1x, b.png 2x,//cdn.test/c.png 3x, data:image/png;base64,AA== 4x">',
            '<img src="http://blog.test/a.png" srcset="http://blog.test/a.png 1x, http://blog.test/a-post/b.png 2x,'
            '//cdn.test/c.png 3x, data:image/png;base64,AA== 4x">',
        ),
        (
            '<video src="/v.mp4" poster="/p.png">',
            '<video src="http://blog.test/v.mp4" poster="http://blog.test/p.png">',
        ),
        ('<audio src="/a.mp3">', '<audio src="http://blog.test/a.mp3">'),
        ('<source src="/a.mp3">', '<source src="http://blog.test/a.mp3">'),
        ('<blockquote cite="/source/">', '<blockquote cite="http://blog.test/source/">'),
    ],
)
def test_each_relative_url_in_html_becomes_absolute(html, absolute):
    assert absolute_links(html, BASE) == absolute
    assert absolute_links(absolute, BASE) == absolute


@pytest.mark.pure
@pytest.mark.parametrize(
    "html",
    [
        '<a href="//elsewhere.test/x">x</a>',
        '<a href="https://elsewhere.test/x">x</a>',
        '<a href="mailto:ada@blog.test">x</a>',
        '<a href="tel:+49">x</a>',
        '<img src="data:image/png;base64,AA==" alt="a src=&quot;/x&quot;">',
        '<pre><code>&lt;a href="/x"&gt; src="/y"</code></pre>',
        '<span class="nt">&lt;img</span> <span class="na">src="/x"</span>',
        '<a title="see /x">x</a>',
    ],
)
def test_absolute_urls_other_schemes_and_text_that_looks_like_an_attribute_stay_as_they_are(html):
    assert absolute_links(html, BASE) == html


@pytest.mark.pure
@pytest.mark.parametrize("text", ['<a href="' * 20_000, '<img srcset="' + "," * 200_000, "<a " * 60_000])
def test_the_time_for_links_grows_linearly_with_the_html(text):
    began = time.process_time()
    absolute_links(text, BASE)

    assert time.process_time() - began < 1


@pytest.fixture
def parsed(visit):
    """parsed(site, path): the feed as feedparser reads it, which must not report a problem."""

    def parsed(site, path="/feed/"):
        response = visit(site, path)
        feed = feedparser.parse(response.content, response_headers={"content-type": response["Content-Type"]})
        assert not feed.bozo, feed.get("bozo_exception")
        return feed

    return parsed


@pytest.mark.sqlite
def test_feedparser_reads_a_feed_with_every_element_of_a_post_without_a_warning(techblog, publish, parsed):
    placement = publish("A < B & “C”", on=techblog, body=EVERYTHING, excerpt="1 < 2 & <b>more</b>", slug="everything")
    placement.post.tags.add(Tag.objects.create(site=techblog, slug="python", name="Python & <C>"))

    for path in ("/feed/", "/tag/python/feed/"):
        (entry,) = parsed(techblog, path).entries
        assert entry.title == "A < B & “C”"
        assert entry.summary == "1 < 2 & <b>more</b>"
        assert entry.link == "http://techblog.test/everything/"
        assert entry.tags[0].term == "Python & <C>"
        content = entry.content[0].value
        for attribute in ('href="', 'src="'):
            assert all(each.startswith("http") for each in content.split(attribute)[1:])


@pytest.mark.sqlite
def test_an_empty_feed_has_the_time_of_the_last_change_of_the_site(techblog, visit, parsed):
    before = datetime.fromisoformat(updated(visit, techblog))
    assert abs(before.timestamp() - time.time()) < 60
    assert parsed(techblog).entries == []

    techblog.settings.tagline = "Changed"
    techblog.settings.save()

    assert datetime.fromisoformat(updated(visit, techblog)) >= before


@pytest.mark.sqlite
def test_a_feed_has_at_most_its_number_of_entries_and_the_time_of_the_newest_change(techblog, publish, visit, parsed):
    for number in range(ENTRIES + 1):
        publish(f"Post {number}", on=techblog)

    feed = parsed(techblog)
    assert len(feed.entries) == ENTRIES
    assert updated(visit, techblog) == max(entry.updated for entry in feed.entries)


def updated(visit, site):
    return ElementTree.fromstring(visit(site, "/feed/").content).find(f"{ATOM}updated").text  # noqa: S314
