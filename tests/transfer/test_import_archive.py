"""A real archive with its irregularities is imported, and every page is correct. NEWSSTAND_ARCHIVE names its folder."""

import os
import time
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest

from blogs.models import Placement
from tenancy import lifecycle
from tests.support.crawling import crawl, dead_links
from transfer.markdown.source.files import markdown_files

pytest_plugins = ["tests.support.importing"]

FOLDER = os.environ.get("NEWSSTAND_ARCHIVE")
CPU_LIMIT = 60  # seconds of processor time for one run


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
    named = {note["message"] for record in first.records.values() for note in record["notes"]}
    dead = dead_links(pages, old_blog, visit)
    assert [link for link in dead if not any(link in message for message in named)] == []
    links = {urldefrag(unquote(link)).url for page in pages.values() for link in page.own_links}
    assert len(links) > 100


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
