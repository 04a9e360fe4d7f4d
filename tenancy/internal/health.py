"""`/health/…` reports whether this process responds, whether it is ready, and the state of the services it uses."""

import re
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from time import monotonic
from typing import Any

from django.conf import settings
from django.db import Error, close_old_connections, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from lib.redis.ping import ping_cache
from lib.refusals import refusals
from tenancy import surfaces
from tenancy.pinning import serves_site
from tenancy.registry.site_registry import RegistryUnavailable, registry

PROBE_TIMEOUT = 0.5  # seconds from the start of the query, so that requests wait only once for a query that hangs
SLOW_FROM = 0.25  # seconds

_NUMBER = re.compile(r"[0-9]{1,10}")


class Probe:
    """Runs one query in a separate thread, and never twice at the same time: a hanging service blocks only one thread.

    The thread is a daemon, because at exit the interpreter waits for the threads of an executor.
    """

    def __init__(self, query: Callable[[], Any]) -> None:
        self._query = query
        self._starts: SimpleQueue[None] = SimpleQueue()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._began_at = 0.0
        self._running = False
        self._result: Any = None
        self._took = 0.0

    def begin(self) -> None:
        """Start the query, unless it is running."""
        with self._changed:
            if self._running:
                return
            self._running = True
            self._began_at = monotonic()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="health", daemon=True)
                self._thread.start()
        self._starts.put(None)

    def result(self) -> tuple[Any, float]:
        """(Result of the query, duration in seconds). The result is an exception if the query failed or timed out."""
        with self._changed:
            left = self._began_at + PROBE_TIMEOUT - monotonic()
            if self._changed.wait_for(lambda: not self._running, max(left, 0)):
                return self._result, self._took
            return TimeoutError(), monotonic() - self._began_at

    def _run(self) -> None:
        while True:
            self._starts.get()
            try:
                result = self._query()
            except Exception as error:  # noqa: BLE001  # after any error the service counts as away
                result = error
            with suppress(Error):
                close_old_connections()  # as Django does after each request
            with self._changed:
                self._result, self._took, self._running = result, monotonic() - self._began_at, False
                self._changed.notify_all()


def _query_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _are_migrations_complete() -> bool:
    try:
        executor = MigrationExecutor(connection)
        return not executor.migration_plan(executor.loader.graph.leaf_nodes())
    finally:
        connection.close()  # this thread rarely needs the connection again


def _is_map_loaded() -> bool:
    try:
        registry.find("")
    except RegistryUnavailable:
        return False
    return True


class Readiness:
    """Whether this process can serve requests. Use the instance `readiness`."""

    def __init__(self) -> None:
        self._database = Probe(_query_database)
        self._cache = Probe(ping_cache)
        self._migrations = Probe(_are_migrations_complete)
        self._map = Probe(_is_map_loaded)
        self._migrated = False  # once True it stays True, because this release needs no later migrations

    def report(self) -> tuple[str, dict[str, dict[str, Any]]]:
        """(Status, state of each part), within little more than PROBE_TIMEOUT."""
        probes = [self._database, self._cache, self._map, *([] if self._migrated else [self._migrations])]
        for probe in probes:
            probe.begin()
        parts = {"database": _state(self._database), "cache": _state(self._cache)}
        self._migrated = self._migrated or self._migrations.result()[0] is True
        parts["migrations"] = {"state": "ok" if self._migrated else "missing"}
        return self._status(parts), parts

    def _status(self, parts: dict[str, dict[str, Any]]) -> str:
        if settings.DRAIN_FILE and Path(settings.DRAIN_FILE).exists():
            return "draining"
        if not self._migrated or self._map.result()[0] is not True:
            return "unready"
        # "degraded" is not a failure: known hosts and cached pages are served without the database. If load balancers
        # took all processes out of service, no page would be served.
        return "ready" if all(part["state"] == "ok" for part in parts.values()) else "degraded"


def _state(probe: Probe) -> dict[str, Any]:
    result, took = probe.result()
    state = "away" if isinstance(result, Exception) else "slow" if took >= SLOW_FROM else "ok"
    return {"state": state, "ms": round(took * 1000, 1)}


def serves(what: str) -> bool:
    """Whether this process serves `what`: the name of a surface, or the id of a site.

    "blogs" means the blogs of all sites. The result for "" is always true. A load balancer makes this check because an
    IP address can pass from one deployment to another.
    """
    if what == "":
        return True
    if what == surfaces.BLOGS.name:
        return surfaces.BLOGS.is_served and settings.PINNED_SITE_ID is None
    surface = surfaces.named(what)
    if surface is not None:
        return surface.is_served
    return _NUMBER.fullmatch(what) is not None and serves_site(int(what))


readiness = Readiness()


@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """200 whenever the process responds, whatever the state of the database and the cache."""
    return HttpResponse("live\n", content_type="text/plain")


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """200 if requests may be sent to this process, otherwise 503.

    `?serves=` names what the client wants from this process (see `serves`). The status is "misdirected" if the process
    does not serve it.
    """
    status, parts = readiness.report()
    if not serves(request.GET.get("serves", "")):
        status = "misdirected"
    report = {
        "status": status,
        "pinned_site": settings.PINNED_SITE_ID,
        "surfaces": list(settings.SURFACES),
        "parts": parts,
        "refused": refusals.counts(),
    }
    return JsonResponse(report, status=200 if status in ("ready", "degraded") else 503)
