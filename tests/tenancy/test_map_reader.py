"""Each process reads its whole map again within a minute, even if no generation changes."""

import pytest
from django.contrib.sites.models import Site
from django.db import connection

from benchmarks import sites
from devstack.processes import wait_until
from tenancy import lifecycle
from tenancy.registry import map_reader
from tenancy.registry.map_reader import FULL_REFRESH_INTERVAL, MapReader
from tenancy.registry.site_registry import registry


@pytest.fixture
def reader(installation):
    reader = MapReader()
    yield reader
    reader.close()


def without_triggers(sql, *parameters):
    """Run a statement with all triggers disabled."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(sql, parameters)
        cursor.execute("RESET session_replication_role")


@pytest.mark.parametrize("load", ["no other change", "constant changes"])
def test_a_change_without_a_trigger_is_known_within_a_minute(reader, techblog, financeblog, load, monkeypatch):
    monkeypatch.setattr(map_reader, "PART_SIZE", 1)
    for number in range(70):  # the map has more parts than there are calls of `read` in a minute
        lifecycle.create(f"site-{number}.test", "Site", by=None)
    reader.read(now=0)
    without_triggers("UPDATE tenancy_domain SET name = 'quiet.test' WHERE site_id = %s", techblog.pk)
    reader.read(now=1)
    assert "quiet.test" not in reader.map.entries

    for now in range(2, int(FULL_REFRESH_INTERVAL) + 2):
        if load != "no other change":
            Site.objects.filter(pk=financeblog.pk).update(name=f"Finance {now}")
        reader.read(now=now)
    assert reader.map.entries["quiet.test"].site_id == techblog.pk
    assert "techblog.test" not in reader.map.entries


def test_a_site_without_a_generation_is_served_uncached(reader, visit, techblog):
    without_triggers("DELETE FROM tenancy_generation WHERE site_id = %s", techblog.pk)
    registry.close()  # the next connection reads the whole map, which may take longer than a request waits
    wait_until(lambda: visit(techblog, cached=False).status_code == 200)
    assert visit(techblog).headers.get("X-Cache") is None
    assert "Notes from the machine room" in visit(techblog).text

    without_triggers("UPDATE tenancy_sitesettings SET tagline = 'Unannounced' WHERE site_id = %s", techblog.pk)
    assert "Unannounced" in visit(techblog).text


def test_a_site_created_without_a_trigger_is_known_within_a_minute(reader, techblog):
    reader.read(now=0)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        sites.add(cursor, range(5000, 5001))
        cursor.execute("DELETE FROM tenancy_generation WHERE site_id = 5000")
        cursor.execute("RESET session_replication_role")
    reader.read(now=1)
    assert sites.host(5000) not in reader.map.entries

    reader.read(now=FULL_REFRESH_INTERVAL + 1)
    assert reader.map.entries[sites.host(5000)].site_id == 5000


def test_the_whole_map_is_read_again_after_a_backup_is_restored(reader, techblog):
    reader.read(now=0)
    without_triggers("UPDATE tenancy_domain SET name = 'quiet.test' WHERE site_id = %s", techblog.pk)
    reader._horizon = 2**62  # higher than the horizon of the restored database

    reader.read(now=1)
    assert "quiet.test" in reader.map.entries


def test_read_returns_the_sites_that_it_read_again(reader, techblog, financeblog):
    assert reader.read(now=0) == set()
    assert reader.read(now=1) == set()

    lifecycle.suspend(techblog, by=None)
    before = reader.map.generation(techblog.pk)
    assert reader.read(now=2) == {techblog.pk}
    assert reader.map.generation(techblog.pk) not in (before, None)

    deleted = financeblog.pk
    lifecycle.delete(financeblog, by=None)
    assert reader.read(now=3) == {deleted}
    assert reader.map.generation(deleted) is None


def test_after_a_lost_connection_read_returns_all_sites_that_were_known(reader, techblog, financeblog):
    reader.read(now=0)
    reader.close()
    deleted = financeblog.pk
    lifecycle.delete(financeblog, by=None)

    assert reader.read(now=1) == {techblog.pk, deleted}
    assert reader.map.generation(deleted) is None


def test_read_returns_the_sites_of_each_part_that_it_reads_again(reader, techblog, financeblog):
    reader.read(now=0)

    assert reader.read(now=FULL_REFRESH_INTERVAL + 1) == {techblog.pk, financeblog.pk}
