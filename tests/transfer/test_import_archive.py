"""A real archive with its irregularities is imported, and every page is correct. NEWSSTAND_ARCHIVE names its folder."""

import os
import re
import time
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import pytest

from blogs.models import Placement
from tenancy import lifecycle
from transfer.markdown.files import markdown_files
from transfer.models import ImportedFile

pytest_plugins = ["tests.support.importing"]

FOLDER = os.environ.get("NEWSSTAND_ARCHIVE")
CPU_LIMIT = 60  # seconds of processor time for one run
OLD_ADDRESS = re.compile(r"/[0-9]{4}/[0-9]{2}/[0-9]{2}/[^/]+/?")
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class Page(HTMLParser):
    """The parts of a page that the test checks. `own_links` are the links in a post's text, `links` all other links."""

    def __init__(self, html):
        super().__init__()
        self.headings = self.scripts = 0
        self.images, self.links, self.own_links = [], set(), set()
        self.texts = []  # text outside code, scripts and styles
        self.open = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.headings += tag == "h1"
        self.scripts += tag == "script" and attributes.get("type") != "application/ld+json"
        if tag == "img":
            self.images.append(attributes)
        if tag == "a" and attributes.get("href"):
            (self.own_links if any(name == "body" for _, name in self.open) else self.links).add(attributes["href"])
        if tag not in VOID:
            self.open.append((tag, attributes.get("class")))

    def handle_endtag(self, tag):
        while any(name == tag for name, _ in self.open) and self.open.pop()[0] != tag:
            pass

    def sources(self):
        return {image["src"] for image in self.images if image.get("src")}

    def handle_data(self, data):
        if not {tag for tag, _ in self.open} & {"code", "pre", "script", "style"}:
            self.texts.append(data)


@pytest.fixture
def old_blog(installation):
    site = lifecycle.create("18f.test", "18F", time_zone="America/New_York", posts_per_page=50, by=None)
    lifecycle.add_domain(site, "18f.gsa.gov", by=None)
    return site


@pytest.mark.skipif(not FOLDER, reason="NEWSSTAND_ARCHIVE is not set to the folder of an archive")
@pytest.mark.timeout(600)
def test_a_real_archive_is_imported_completely_and_every_page_of_it_is_correct(archive, old_blog, visit):
    archive.folder = Path(FOLDER)
    begin = time.process_time()
    first = archive.run(site="18f.test")
    seconds = time.process_time() - begin

    assert set(first.verdicts().values()) == {"created"}
    assert len(first.records) == len(markdown_files(archive.folder)) >= 500
    assert first.code == 0
    assert seconds < CPU_LIMIT
    assert set(archive.run(site="18f.test").verdicts().values()) == {"unchanged"}

    pages = crawl(old_blog, visit)
    placements = Placement.objects.on(old_blog).live()
    assert placements.count() >= len(first.records) - 1
    assert {placement.get_absolute_url() for placement in placements} <= pages.keys()
    missing = {note["message"] for record in first.records.values() for note in record["notes"]}
    # Posts with the tag `raw` show template tags to readers on purpose.
    raw = {
        record["address"] for name, record in first.records.items() if "{% raw" in (archive.folder / name).read_text()
    }
    found = [problem for path, page in pages.items() for problem in problems(path, page, missing, path in raw)]
    assert found == []
    addresses = {address for page in pages.values() for address in page.own_links | page.sources()}
    shown = {address for address in addresses if address.startswith("/media/")}
    assert {visit(old_blog, address, cached=False).status_code for address in shown} == {200}
    assert len(shown) > 300
    assert dead_links(pages, old_blog, visit) == []


def crawl(site, visit):
    """Every page that a client reaches from the home page without following links in the texts of posts."""
    pages, waiting, seen = {}, ["/"], {"/"}
    while waiting:
        path = waiting.pop()
        response = visit(site, path, cached=False)
        assert response.status_code == 200, path
        if not response["Content-Type"].startswith("text/html"):
            continue
        page = pages[path] = Page(response.content.decode())
        found = {urldefrag(urljoin(path, link)).url for link in page.links if not urlsplit(link).scheme} - seen
        seen |= found
        waiting += found
    return pages


def problems(path, page, missing, shows_tags):
    if page.headings != 1:
        yield f"{path}: the page has {page.headings} h1 elements"
    if page.scripts:
        yield f"{path}: the page contains a script"
    text = "".join(page.texts)
    yield from (f"{path}: the text contains {tag}" for tag in ("{%", "{{") if tag in text and not shows_tags)
    for image in page.images:
        address = image.get("src") or "no address"
        if "alt" not in image:
            yield f"{path}: the image {address} has no attribute alt"
        is_known = address.startswith(("/media/", "https://", "http://", "data:"))
        if not is_known and not any(unquote(address).lstrip("/") in message for message in missing):
            yield f"{path}: the image {address} is neither stored nor reported as missing"


def dead_links(pages, site, visit):
    """The links between posts of the archive that do not redirect to an existing page."""
    stems = {Path(path).stem[11:].lower() for path in ImportedFile.objects.values_list("path", flat=True)}
    links = {urldefrag(unquote(link)).url for page in pages.values() for link in page.own_links}
    between = {link for link in links if OLD_ADDRESS.fullmatch(link) and link.strip("/").split("/")[3].lower() in stems}
    assert len(between) > 100
    dead = []
    for link in sorted(between):
        response = visit(site, link, cached=False)
        if response.status_code != 301 or visit(site, response["Location"], cached=False).status_code != 200:
            dead.append(link)
    return dead
