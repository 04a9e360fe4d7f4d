"""Figure 3: a page in memory through Traefik, compared with Traefik in front of the limit without Redis.

python -m benchmarks proxied
"""

from collections.abc import Iterator
from functools import partial

from benchmarks.cached import compare_with_limit
from benchmarks.figures import Figure
from benchmarks.installation import Gunicorn, two_blogs
from benchmarks.limit import CACHED, from_memory
from benchmarks.load import Page
from benchmarks.pairs import Side, compare
from devstack.processes import status, wait_until
from devstack.traefik import Traefik

SHARE = 0.9  # of the limit
CONNECTIONS = 16  # more than without Traefik, so that none of the three processes is idle


def measure() -> Iterator[Figure]:
    with two_blogs() as installation:
        ours, limit = from_memory(installation)
        before_ours = installation.put_in_front(ours, "traefik-pages")
        before_limit = installation.put_in_front(limit, "traefik-limit")
        for traefik in (before_ours, before_limit):
            wait_until(partial(_is_routed, traefik, CACHED["home"]))
        for name, page in CACHED.items():
            measured = compare(_side(before_ours, ours, page), _side(before_limit, limit, page))
            yield from compare_with_limit(f"cached {name} through Traefik", measured, SHARE)


def _side(traefik: Traefik, gunicorn: Gunicorn, page: Page) -> Side:
    return Side(page, traefik.port, [traefik, gunicorn], connections=CONNECTIONS)


def _is_routed(traefik: Traefik, page: Page) -> bool:
    return status(traefik.port, page.host, page.path) == page.status
