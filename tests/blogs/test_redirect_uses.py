"""Uses of redirects are counted in memory and written from time to time, without any effect on pages."""

from datetime import timedelta

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import OperationalError, connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from blogs.models import Redirect, RedirectUse
from blogs.redirects import uses as module
from blogs.redirects.uses import STORED_FOR, Uses, uses
from pagecache.responses import DjangoResponse
from tenancy.registry.site_registry import registry
from tests.support.processes import running


@pytest.fixture
def row(techblog):
    uses.flush()
    return Redirect.objects.create(site=techblog, old_path="/old/", new_path="/new/")


def test_a_use_is_counted_without_a_write_and_refreshes_no_page(techblog, row):
    client = Client(headers={"host": techblog.domain})
    client.get("/old/")
    registry.expire()
    registry.find(techblog.domain)
    generation = registry.generation(techblog.pk)

    with CaptureQueriesContext(connection) as captured:
        client.get("/old/?x=1")
    assert not [query for query in captured if not query["sql"].startswith("SELECT")]
    uses.flush()
    uses.count(row.pk)
    uses.flush()

    use = RedirectUse.objects.get()
    assert (use.redirect, use.uses, use.last_used) == (row, 3, timezone.now().date())
    registry.expire()
    registry.find(techblog.domain)
    assert registry.generation(techblog.pk) == generation


@pytest.mark.sqlite
def test_uses_of_a_deleted_redirect_are_dropped(row):
    uses.count(row.pk)
    row.delete()
    uses.flush()

    assert not RedirectUse.objects.exists()


def test_counts_stay_in_memory_while_the_database_is_away(row, monkeypatch):
    own = Uses()
    own.count(row.pk)

    def away():
        raise OperationalError("away")

    with monkeypatch.context() as patch:
        patch.setattr(module.transaction, "atomic", away)
        own.flush()
    assert not RedirectUse.objects.exists()

    own.count(row.pk)
    own.flush()
    assert RedirectUse.objects.get().uses == 2


def test_a_server_process_writes_its_counts_before_it_ends(techblog, row):
    with running(1) as (process,):
        for _ in range(2):
            assert process.get(techblog.domain, "/old/?x=1").status == 301
        assert not RedirectUse.objects.exists()
        process.process.terminate()
        process.process.wait(30)

    assert RedirectUse.objects.get().uses == 2


def test_the_number_of_counted_redirects_is_bounded(monkeypatch):
    monkeypatch.setattr(module, "MAX_REDIRECTS", 3)
    own = Uses()
    for pk in (1, 2, 3, 4, 5, 1):
        own.count(pk)

    assert own._counts == {1: 2, 2: 1, 3: 1}


def test_the_page_cache_stores_a_redirect_for_a_limited_time_so_that_its_use_is_seen(techblog, row):
    environ = RequestFactory(headers={"host": techblog.domain}).get("/old/").environ
    rendered = DjangoResponse(WSGIHandler(), environ).render(float("inf"), 0.0)

    assert rendered.expires_at - timezone.now().timestamp() <= STORED_FOR


def test_unused_redirects_are_found_by_age_and_last_use(techblog, row):
    long_ago = timezone.now() - timedelta(days=200)
    rows = {
        name: Redirect.objects.create(site=techblog, old_path=f"/{name}/", new_path="/", created_at=at)
        for name, at in (("never", long_ago), ("stale", long_ago), ("used", long_ago), ("fresh", timezone.now()))
    }
    RedirectUse.objects.create(redirect=rows["stale"], uses=5, last_used=(timezone.now() - timedelta(days=91)).date())
    RedirectUse.objects.create(redirect=rows["used"], uses=1, last_used=(timezone.now() - timedelta(days=89)).date())

    assert set(Redirect.objects.on(techblog).unused_for(90)) == {rows["never"], rows["stale"]}
    assert set(Redirect.objects.on(techblog).never_used()) == {row, rows["never"], rows["fresh"]}
