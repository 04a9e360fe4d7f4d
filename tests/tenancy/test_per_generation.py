"""A value computed from a site is kept until the site changes. If the site has no generation, it is not kept."""

import math

import pytest

from tenancy.models import State
from tenancy.registry.domain_map import SiteEntry
from tenancy.registry.per_generation import cached_per_generation

pytestmark = pytest.mark.pure

ENTRY = SiteEntry(1, "techblog.test", State.LIVE, "first", math.inf)


@pytest.fixture
def computed():
    """computed(entry): a cached function. It returns the number of computations so far, when its value was computed."""
    calls = []

    @cached_per_generation
    def number(entry):
        calls.append(entry)
        return len(calls)

    return number


def test_a_value_is_computed_once_for_each_generation_and_each_next_change_of_a_site(computed):
    entries = [
        ENTRY,
        ENTRY._replace(generation="second"),
        ENTRY._replace(next_change_at=9.0),
        ENTRY._replace(site_id=2),
    ]

    assert [computed(entry) for entry in entries] == [1, 2, 3, 4]
    assert [computed(entry) for entry in entries] == [1, 2, 3, 4]


def test_a_value_of_a_site_without_a_generation_is_computed_each_time(computed):
    entry = ENTRY._replace(generation="")

    assert [computed(entry) for _ in range(3)] == [1, 2, 3]
