"""Every process applies every change of a site within a quarter of a second after its commit.

The tests request several server processes over HTTP, because threads and test transactions would prove nothing.
"""

import threading
import time

import pytest
from django.contrib.sites.models import Site
from django.db import connection, connections, transaction

from blogs.models import Tag
from tenancy import lifecycle
from tenancy.models import Domain, SiteSettings
from tenancy.registry import site_registry
from tenancy.registry.site_registry import LONG_TIMEOUT, SHORT_TIMEOUT, registry
from tests.support import servers
from tests.support.pagecache.observing import locked
from tests.support.processes import frozen, running, until_all_know
from tests.support.timing import InThreads, seconds


@pytest.fixture(scope="module")
def two_processes(django_db_setup):
    with running(2) as fleet:
        yield fleet


@pytest.fixture
def fleet(two_processes, techblog):
    """Two processes that serve the techblog. All tests of this module use the same processes."""
    until_all_know()
    assert statuses(two_processes, "techblog.test") == [200, 200]
    return two_processes


def statuses(fleet, host, path="/"):
    return [process.status(host, path) for process in fleet]


def test_a_new_site_is_served_by_every_process(fleet):
    assert statuses(fleet, "new.test") == [404, 404]

    lifecycle.create("new.test", "New", by=None)
    until_all_know()

    assert statuses(fleet, "new.test") == [200, 200]


def test_a_renamed_site_is_served_at_its_new_domain_and_redirects_from_the_old_domain(fleet, techblog):
    lifecycle.rename(techblog, "renamed.test", by=None)
    until_all_know()

    assert statuses(fleet, "renamed.test") == [200, 200]
    for process in fleet:
        answer = process.get("techblog.test", "/any/path?x=1")
        assert (answer.status, answer.headers["Location"]) == (308, "http://renamed.test/any/path?x=1")


def test_a_released_domain_shows_no_page_of_its_previous_site(fleet, techblog):
    lifecycle.rename(techblog, "renamed.test", keep_old=False, by=None)
    until_all_know()
    assert statuses(fleet, "techblog.test") == [404, 404]

    lifecycle.create("techblog.test", "Another blog", by=None)
    until_all_know()
    assert all("Another blog" in process.get("techblog.test").body for process in fleet)


def test_a_further_domain_redirects_until_it_is_removed(fleet, techblog):
    lifecycle.add_domain(techblog, "www.techblog.test", by=None)
    until_all_know()
    assert statuses(fleet, "www.techblog.test") == [308, 308]

    lifecycle.remove_domain(techblog, "www.techblog.test", by=None)
    until_all_know()
    assert statuses(fleet, "www.techblog.test") == [404, 404]


def test_every_process_stops_serving_a_suspended_site_and_serves_it_again_when_it_is_resumed(fleet, techblog, publish):
    publish("Hello", on=techblog)
    paths = ["/", "/hello/", "/feed/", "/sitemap.xml", "/robots.txt"]
    assert all(statuses(fleet, "techblog.test", path) == [200, 200] for path in paths)

    lifecycle.suspend(techblog, by=None)
    until_all_know()
    assert all(statuses(fleet, "techblog.test", path) == [503, 503] for path in paths)

    lifecycle.resume(techblog, by=None)
    until_all_know()
    assert statuses(fleet, "techblog.test", "/hello/") == [200, 200]


def test_every_process_responds_with_404_for_a_deleted_site(fleet, techblog):
    lifecycle.delete(techblog, by=None)
    until_all_know()

    assert statuses(fleet, "techblog.test") == [404, 404]


def test_changed_settings_and_names_appear_in_every_process(fleet, techblog):
    techblog.settings.tagline = "A new tagline"
    techblog.settings.save()
    Site.objects.filter(pk=techblog.pk).update(name="A new name")
    until_all_know()

    for process in fleet:
        page = process.get("techblog.test").body
        assert "A new tagline" in page
        assert "A new name" in page


@pytest.mark.parametrize("change", ["bulk update", "bulk create", "SQL of an operator"])
def test_every_process_applies_a_change_that_sends_no_signal(fleet, techblog, change):
    if change == "bulk update":
        SiteSettings.objects.filter(site=techblog).update(state="suspended")
    elif change == "bulk create":
        Domain.objects.filter(site=techblog).update(primary=False)
        Domain.objects.bulk_create([Domain(site=techblog, name="bulk.test", primary=True)])
    else:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE tenancy_domain SET name = 'sql.test' WHERE name = 'techblog.test'")
    until_all_know()

    assert all(status != 200 for status in statuses(fleet, "techblog.test"))


def test_no_process_applies_a_change_that_is_rolled_back(fleet, techblog):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        lifecycle.suspend(techblog, by=None)
        lifecycle.create("never.test", "Never", by=None)
        assert 1 / 0
    until_all_know()

    assert statuses(fleet, "techblog.test") == [200, 200]
    assert statuses(fleet, "never.test") == [404, 404]


def test_a_request_between_a_save_and_its_commit_does_not_leave_a_stale_page(fleet, techblog):
    with transaction.atomic():
        Site.objects.filter(pk=techblog.pk).update(name="After the commit")
        for _ in range(5):  # this takes long enough for several queries of each process
            time.sleep(0.1)
            assert all("After the commit" not in process.get("techblog.test").body for process in fleet)
    until_all_know()

    assert all("After the commit" in process.get("techblog.test").body for process in fleet)


def test_every_process_applies_two_changes_that_commit_in_reverse_order(fleet, techblog, financeblog):
    """The transaction that begins first commits last. A registry that keeps the highest id it read would miss it."""
    until_all_know()
    first_wrote, second_committed = threading.Event(), threading.Event()

    def write_first_and_commit_last():
        try:
            with transaction.atomic():
                Site.objects.filter(pk=techblog.pk).update(name="First to write")
                first_wrote.set()
                second_committed.wait(10)
        finally:
            connections.close_all()

    thread = threading.Thread(target=write_first_and_commit_last)
    thread.start()
    first_wrote.wait(10)
    Site.objects.filter(pk=financeblog.pk).update(name="Second to write")
    until_all_know()
    assert all("Second to write" in process.get("financeblog.test").body for process in fleet)
    second_committed.set()
    thread.join()
    until_all_know()

    assert all("First to write" in process.get("techblog.test").body for process in fleet)


def test_two_transactions_on_the_same_sites_neither_wait_for_each_other_nor_deadlock(techblog, financeblog):
    """Each transaction changes both sites in opposite order and stays open until the other transaction has written."""
    barrier = threading.Barrier(2, timeout=10)
    errors = []

    def write(sites):
        try:
            with transaction.atomic():
                for number, site in enumerate(sites):
                    Domain.objects.create(site=site, name=f"{site.pk}-{number}.test")
                    barrier.wait()
        except Exception as error:  # noqa: BLE001  # handed to the assertion below
            errors.append(error)
        finally:
            connections.close_all()

    threads = [
        threading.Thread(target=write, args=[order]) for order in ([techblog, financeblog], [financeblog, techblog])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []


@pytest.fixture
def generation(techblog, monkeypatch):
    """generation(): the techblog's generation in this process, which queries changes of others only once an hour."""
    monkeypatch.setattr(site_registry, "QUERY_INTERVAL", 3600)
    monkeypatch.setattr(site_registry, "MAX_AGE", 3600)
    registry.expire()
    yield lambda: registry.find("techblog.test").generation
    registry.expire()


def test_adding_or_removing_a_tag_of_a_post_changes_the_generation_in_the_same_process_at_once(
    generation, techblog, publish
):
    post, tag = publish("Hello", on=techblog).post, Tag.objects.create(site=techblog, slug="python", name="Python")

    for change in (post.tags.add, post.tags.remove):
        before = generation()
        change(tag)
        assert generation() != before


def test_a_commit_changes_the_generation_in_the_same_process_at_once_even_after_an_earlier_lookup(generation, techblog):
    before = generation()
    with transaction.atomic():
        techblog.save()
        assert generation() == before

    assert generation() != before


def test_the_process_that_made_a_change_waits_for_a_slow_database(techblog):
    assert registry.find("new.test") is None
    lifecycle.create("new.test", "New", by=None)

    with locked("tenancy_generation"):
        lookup = InThreads(lambda: registry.find("new.test"))
        time.sleep(2 * SHORT_TIMEOUT)
    assert lookup.results()[0].primary == "new.test"


def test_a_process_that_made_no_change_waits_only_briefly_for_a_slow_database(techblog):
    assert registry.find("techblog.test")
    until_all_know()

    with locked("tenancy_generation"):
        (took, entry), *_ = InThreads(lambda: seconds(lambda: registry.find("techblog.test"))).results()
    assert SHORT_TIMEOUT <= took < LONG_TIMEOUT
    assert entry.primary == "techblog.test"


def test_processes_query_the_database_again_after_its_restart(fleet, techblog):
    servers.postgresql.restart()
    connections.close_all()
    lifecycle.create("after-restart.test", "After the restart", by=None)
    time.sleep(1.5)  # a failed query is retried after a second

    assert statuses(fleet, "after-restart.test") == [200, 200]
    assert statuses(fleet, "techblog.test") == [200, 200]


def test_without_the_database_known_hosts_stay_known_and_unknown_hosts_get_404(processes, techblog):
    lifecycle.add_domain(techblog, "www.techblog.test", by=None)
    (process,) = processes(1)
    assert process.status("techblog.test") == 200
    servers.postgresql.stop()
    try:
        assert process.status("www.techblog.test", "/x") == 308
        assert process.status("unknown.test") == 404
        assert process.status("techblog.test") == 200, "the page is stored in the cache, so it must be served"
        began = time.monotonic()
        answer = process.get("techblog.test", "/feed/")
        assert answer.status == 503
        assert answer.headers["Retry-After"]
        assert time.monotonic() - began < 1
        assert process.status("techblog.test", "/no/such/address") == 503
        (late,) = processes(1)
        began = time.monotonic()
        assert late.status("techblog.test") == 503, (
            "a process that never loaded the map cannot know whether a host is unknown"
        )
        assert late.status("unknown.test") == 503
        assert time.monotonic() - began < 2
    finally:
        servers.postgresql.start()
        connections.close_all()
    time.sleep(1.5)
    assert process.status("techblog.test") == 200
    assert late.status("techblog.test") == 200


def test_while_the_database_hangs_cached_pages_are_served_and_other_pages_get_503_at_once(processes, techblog, publish):
    publish("Known", on=techblog)
    (process,) = processes(1)
    assert [process.status("techblog.test", path) for path in ("/known/", "/robots.txt")] == [200, 200]
    with frozen(servers.postgresql.process.pid):
        time.sleep(0.1)
        assert process.status("techblog.test", "/known/") == 200  # the registry's query for changes hangs
        time.sleep(1)
        began = time.monotonic()
        assert process.status("techblog.test", "/known/") == 200
        answer = process.get("techblog.test", "/feed/")
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        assert process.status("unknown.test") == 404
        assert time.monotonic() - began < 1
    time.sleep(1)
    assert process.status("techblog.test", "/feed/") == 200
