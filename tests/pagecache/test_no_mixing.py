"""During concurrent requests for two sites, no response contains data of the other site."""

import pytest
from django.http import HttpResponse
from django.urls import get_urlconf
from django.utils import timezone, translation

from tenancy import lifecycle
from tests.support.pagecache.memory import TINY_MEMORY
from tests.support.pagecache.observing import redis
from tests.support.processes import running, until_all_know
from tests.support.reading import read
from tests.support.timing import InThreads

THREADS, ROUNDS = 8, 1000
PATHS = ["/", "/hello/", "/nothing/", "/feed/", "/?before=x"]


@pytest.fixture(scope="module")
def process(django_db_setup):
    with running(WEB_THREADS=str(THREADS), TEST_PAGE_MEMORY_MB=TINY_MEMORY) as (process,):
        yield process


@pytest.fixture
def sites(installation, publish):
    """Two sites with different languages and time zones. Each has a post at /hello/ with its own marker."""
    alpha = lifecycle.create("alpha.test", "Alpha-marker", language="de", time_zone="Asia/Tokyo", by=None)
    beta = lifecycle.create("beta.test", "Beta-marker", language="en", time_zone="America/New_York", by=None)
    for site in (alpha, beta):
        publish(f"{site.name}-post", on=site, slug="hello", body=f"{site.name}-text")
    return alpha, beta


def test_a_thousand_concurrent_requests_for_two_sites_get_pages_of_their_own_site_only(process, sites):
    until_all_know()
    words = {"alpha.test": ("Alpha-marker", 'lang="de"'), "beta.test": ("Beta-marker", 'lang="en"')}

    def requests():
        for n in range(ROUNDS // THREADS):
            if n % 25 == 0:
                redis().flushall()
            host, other = ("alpha.test", "beta.test")[:: 1 if n % 2 else -1]
            response = process.get(host, PATHS[n % len(PATHS)])
            assert response.status == (404 if n % len(PATHS) in (2, 4) else 200)
            own = words[host] if n % len(PATHS) != 3 else words[host][:1]
            assert all(word in response.body for word in own), (host, response)
            assert not any(word in response.body for word in words[other]), (host, response)

    InThreads(requests, THREADS).results()


def test_language_time_zone_and_urlconf_are_reset_after_successful_and_failed_requests(sites, probe):
    def fails(request):
        assert translation.get_language() == "de"
        raise ZeroDivisionError

    probe(fails)
    probe(lambda request: HttpResponse("Well."), "well/")
    outside = translation.get_language(), timezone.get_current_timezone_name(), get_urlconf()
    for path, status in (("/probe/", 500), ("/well/", 200), ("/nothing/", 404), ("/", 200)):
        assert read("alpha.test", path).status == status
        assert (translation.get_language(), timezone.get_current_timezone_name(), get_urlconf()) == outside
