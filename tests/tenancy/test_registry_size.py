"""A process handles 100,000 hosts at low cost. `pytest -s tests/tenancy/test_registry_size.py` prints the figures."""

import time
import timeit
import tracemalloc

import pytest
from django.db import connection, transaction

from benchmarks import sites
from devstack.processes import wait_until
from tenancy.registry.map_reader import MapReader
from tenancy.registry.site_registry import Registry, RegistryUnavailable

HOSTS = 100_000
ONE = sites.host(77_777)


@pytest.fixture
def hundred_thousand_hosts(installation):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SET LOCAL session_replication_role = replica"
        )  # disable triggers, which would take most of the time
        sites.add(cursor, range(1, HOSTS + 1))
        cursor.execute("ANALYZE")
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE tenancy_domain, tenancy_sitesettings, tenancy_generation, django_site CASCADE")


def load_once():
    reader = MapReader()  # reads the map as the thread of the registry does
    began = time.process_time()
    reader.read(now=0)
    load = time.process_time() - began
    reader.close()
    return load


def knows(registry, name):
    try:
        return registry.find(name).primary == name
    except RegistryUnavailable:
        return False


def test_100_000_hosts_are_loaded_in_a_second_of_cpu_time_and_a_lookup_takes_a_microsecond(hundred_thousand_hosts):
    load = min(load_once() for _ in range(3))  # use the minimum: on a busy machine the same work needs more CPU time

    tracemalloc.start()
    measured = MapReader()
    measured.read(now=0)
    memory = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    measured.close()

    serving = Registry()
    wait_until(lambda: knows(serving, ONE))  # on a busy machine the load may take longer than LONG_TIMEOUT
    rounds = 10_000  # few enough to finish before the registry's next query
    lookup = min(timeit.repeat(lambda: serving.find(ONE), number=rounds, repeat=20)) / rounds
    wait_until(lambda: not serving._is_querying)  # otherwise the thread of the registry would open a new connection
    serving.close()

    print(f"\n{HOSTS:,} hosts: loaded in {load:.2f} s of CPU, {memory / 1e6:.0f} MB, a lookup {lookup * 1e9:.0f} ns")
    assert load < 1
    assert lookup < 1e-6
    assert memory < 100e6
