"""The pages in the memory of a process: their number of bytes, evictions, and pages of old generations."""

import gc
import math
import os
import threading
import time
import tracemalloc
from dataclasses import dataclass
from random import Random

import pytest
from django.conf import settings
from django.core.cache import caches

from pagecache.cached_response import CachedResponse, encode, to_bytes
from pagecache.memory import MAX_SHARE, PageMemory, size_in_memory
from pagecache.requests import CacheRequest
from tenancy import lifecycle
from tenancy.registry.domain_map import SiteEntry
from tests.support.pagecache.memory import empty_page_cache, memory
from tests.support.reading import page_cache, read
from tests.support.timing import InThreads

HEADERS = [("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "public"), ("X-Frame-Options", "DENY")]
ENTRY, OTHER = (SiteEntry(number, f"{number}.test", "live", "g1", math.inf) for number in (1, 2))


def page(size=1000):
    return CachedResponse("200 OK", list(HEADERS), os.urandom(size), math.inf)


@dataclass
class Generations:
    """Replaces the registry: the generation of each site."""

    values: dict[int, str]

    def generation(self, site_id):
        return self.values.get(site_id)


@pytest.fixture
def generations(monkeypatch):
    registry = Generations({1: "g1", 2: "g1"})
    monkeypatch.setattr("pagecache.memory.registry", registry)
    return registry.values


@pytest.fixture
def ten_pages(generations):
    """A memory for ten pages that holds the pages 0 to 9 of a site."""
    kept = PageMemory(10 * size_in_memory("0", page()))
    for number in range(10):
        kept.set(str(number), ENTRY, page())
    assert len(kept) == 10
    return kept


def found(kept, keys="0123456789"):
    return "".join(key for key in keys if kept._pages.get(key))


# -- bounds ----------------------------------------------------------------------------------------------------------


@pytest.mark.pure
def test_the_least_recently_used_page_is_evicted(ten_pages):
    ten_pages.get("0")
    ten_pages.set("1", ENTRY, page())

    ten_pages.set("a", ENTRY, page())
    ten_pages.set("b", ENTRY, page())

    assert found(ten_pages, "0123456789ab") == "01456789ab"


@pytest.mark.pure
def test_a_page_that_replaces_another_is_counted_once(ten_pages):
    before = ten_pages.used_bytes
    smaller = page(400)
    ten_pages.set("3", ENTRY, smaller)

    assert ten_pages.get("3") is smaller
    assert ten_pages.used_bytes == before - 600


@pytest.mark.pure
def test_a_page_larger_than_its_share_is_not_kept_and_evicts_nothing(generations):
    kept = PageMemory(100_000)
    kept.set("a", ENTRY, page())
    kept.set("large", ENTRY, page(int(100_000 * MAX_SHARE)))
    kept.set("fits", ENTRY, page(int(100_000 * MAX_SHARE) - 2000))

    assert [kept.get(key) is not None for key in ("a", "large", "fits")] == [True, False, True]


@pytest.mark.pure
def test_a_memory_of_zero_bytes_keeps_nothing(generations):
    kept = PageMemory(0)
    kept.set("a", ENTRY, page(0))

    assert (len(kept), kept.used_bytes, kept.get("a")) == (0, 0, None)


@pytest.mark.pure
def test_the_counted_bytes_are_those_that_python_allocates(generations):
    """With pages of all sizes, in many sites, after many evictions."""
    random, limit = Random(7), 4_000_000
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    kept = PageMemory(limit)
    for number in range(6000):
        site_id = random.randrange(1000)
        generations[site_id] = "g1"
        rendered = encode("200 OK", list(HEADERS), random.randbytes(random.randrange(8000)), "identity", math.inf)
        headers = [(str(name.encode(), "ascii"), str(value.encode(), "ascii")) for name, value in rendered.headers]
        kept.set(f"{number:060}", ENTRY._replace(site_id=site_id), rendered._replace(headers=headers))
    del rendered, headers
    gc.collect()
    allocated = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()

    assert 0.95 * limit < kept.used_bytes <= limit
    assert 0.9 < allocated / kept.used_bytes < 1.05


@pytest.mark.pure
def test_threads_that_read_store_and_drop_pages_leave_the_count_correct(generations):
    kept = PageMemory(20 * size_in_memory("0", page()))
    pages = {str(number): page() for number in range(40)}

    def work():
        random = Random(threading.get_ident())
        for _ in range(3000):
            key = str(random.randrange(40))
            response = kept.get(key)
            assert response is None or response is pages[key]
            if random.random() < 0.3:
                kept.set(key, (ENTRY, OTHER)[int(key) % 2], pages[key])
            if random.random() < 0.01:
                generations[1] = random.choice(["g1", "g2"])
                kept.drop_old_generations([1])

    InThreads(work, 8).results()
    assert kept.used_bytes == sum(size_in_memory(key, response) for key, (response, *_) in kept._pages.items())
    assert set().union(*(site.keys for site in kept._sites.values())) == set(kept._pages)


@pytest.mark.sqlite
def test_a_forked_process_begins_with_an_empty_memory_and_a_free_lock(techblog):
    read("techblog.test")
    assert len(memory()) > 0

    with memory()._lock:  # a thread may hold it during the fork
        child = os.fork()
        if child == 0:
            os._exit(len(memory()) + memory()._lock.locked())

    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


# -- expired pages and Redis -----------------------------------------------------------------------------------------


@pytest.fixture
def request_of_a_page(generations):
    yield CacheRequest({}, None, ENTRY, "page", "identity")
    empty_page_cache()


def store_in_redis(request, response):
    caches["pages"].set(request.key, to_bytes(request.key, response), 60)


@pytest.mark.pure
def test_an_expired_page_is_replaced_by_a_newer_one_from_redis_and_not_by_an_older_one(request_of_a_page):
    now, pages = time.time(), page_cache(settings.PUBLIC_SCHEME, settings.PUBLIC_PORT).pages
    older, expired, newer = (page()._replace(expires_at=moment) for moment in (now - 2, now - 1, math.inf))
    pages.set(request_of_a_page, expired)

    store_in_redis(request_of_a_page, older)
    assert pages.get(request_of_a_page).body == expired.body
    store_in_redis(request_of_a_page, newer)
    assert pages.get(request_of_a_page).body == newer.body

    caches["pages"].delete(request_of_a_page.key)
    assert pages.get(request_of_a_page).body == newer.body  # from the memory


# -- generations -----------------------------------------------------------------------------------------------------


@pytest.mark.pure
@pytest.mark.parametrize("generation", ["g2", None])
def test_pages_of_a_site_with_another_generation_are_dropped_and_those_of_other_sites_stay(generations, generation):
    kept = PageMemory(100_000)
    kept.set("a", ENTRY, page())
    kept.set("b", OTHER, page())
    generations[1] = generation
    kept.drop_old_generations([1, 2, 3])

    assert [kept.get(key) is not None for key in "ab"] == [False, True]
    assert kept.used_bytes == size_in_memory("b", page())


@pytest.mark.pure
def test_a_page_of_an_old_generation_is_not_kept(generations):
    kept = PageMemory(100_000)
    generations[1] = "g2"
    kept.set("a", ENTRY, page())

    assert kept.get("a") is None


@pytest.mark.pure
def test_the_first_page_of_a_new_generation_replaces_the_pages_of_the_old_one(generations):
    kept = PageMemory(100_000)
    kept.set("a", ENTRY, page())
    generations[1] = "g2"
    kept.set("b", ENTRY._replace(generation="g2"), page())

    assert [kept.get(key) is not None for key in "ab"] == [False, True]


CHANGES = {
    "is renamed": lambda site: lifecycle.rename(site, "renamed.test", by=None),
    "is suspended": lambda site: lifecycle.suspend(site, by=None),
    "is deleted": lambda site: lifecycle.delete(site, by=None),
}


@pytest.mark.sqlite
@pytest.mark.parametrize("what", CHANGES)
def test_the_next_request_drops_the_pages_of_a_site_that(what, techblog, financeblog, publish):
    publish("Hello", on=techblog)
    empty_page_cache()
    for path in ("/", "/hello/"):
        read("techblog.test", path)
    read("financeblog.test")
    assert len(memory()) == 3

    CHANGES[what](techblog)
    assert read("financeblog.test").headers["X-Cache"] == "HIT"

    assert len(memory()) == 1
