"""`/health/…`: does this process answer, may it be sent requests, and which part it stands on is slow or away."""

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
from tenancy.deployments import READY_PATH
from tenancy.pinning import serves_site
from tenancy.registry.site_registry import RegistryUnavailable, registry

AWAY_AFTER = 0.5  # seconds, counted from the begin of a question: one that hangs is waited for once
SLOW_FROM = 0.25

_NUMBER = re.compile(r"[0-9]{1,10}")


class Probe:
    """Asks one part in a thread of its own, one question at a time: a part that hangs takes one thread, not many."""

    def __init__(self, ask: Callable[[], Any]) -> None:
        self._ask = ask
        self._asked: SimpleQueue[None] = SimpleQueue()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._began_at = 0.0
        self._asking = False
        self._answer: Any = None
        self._took = 0.0

    def begin(self) -> None:
        """Ask, unless an answer is being waited for."""
        with self._changed:
            if self._asking:
                return
            self._asking = True
            self._began_at = monotonic()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="health", daemon=True)
                self._thread.start()
        self._asked.put(None)

    def answer(self) -> tuple[Any, float]:
        """(What was answered, seconds it took); an exception where there is no answer, or none in time."""
        with self._changed:
            left = self._began_at + AWAY_AFTER - monotonic()
            if self._changed.wait_for(lambda: not self._asking, max(left, 0)):
                return self._answer, self._took
            return TimeoutError(), monotonic() - self._began_at

    def _run(self) -> None:
        while True:
            self._asked.get()
            try:
                answer = self._ask()
            except Exception as error:  # noqa: BLE001  # whatever it was, the part does not answer
                answer = error
            with suppress(Error):
                close_old_connections()  # as Django does after a request: broken ones, and those that are not kept
            with self._changed:
                self._answer, self._took, self._asking = answer, monotonic() - self._began_at, False
                self._changed.notify_all()


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _are_migrations_complete() -> bool:
    try:
        executor = MigrationExecutor(connection)
        return not executor.migration_plan(executor.loader.graph.leaf_nodes())
    finally:
        connection.close()  # it is hardly needed again


def _is_map_loaded() -> bool:
    try:
        registry.find("")
    except RegistryUnavailable:
        return False
    return True


class Readiness:
    """Use the one instance, `readiness`."""

    def __init__(self) -> None:
        self._database = Probe(_ask_database)
        self._cache = Probe(ping_cache)
        self._migrations = Probe(_are_migrations_complete)
        self._map = Probe(_is_map_loaded)
        self._migrated = False  # once complete they are never asked for again: this code needs no later ones

    def report(self) -> tuple[str, dict[str, dict[str, Any]]]:
        """(Status, state of each part), within AWAY_AFTER and a moment."""
        asked = [self._database, self._cache, self._map, *([] if self._migrated else [self._migrations])]
        for probe in asked:
            probe.begin()
        parts = {"database": _state(self._database), "cache": _state(self._cache)}
        self._migrated = self._migrated or self._migrations.answer()[0] is True
        parts["migrations"] = {"state": "ok" if self._migrated else "missing"}
        return self._status(parts), parts

    def _status(self, parts: dict[str, dict[str, Any]]) -> str:
        if settings.DRAIN_FILE and Path(settings.DRAIN_FILE).exists():
            return "draining"
        if not self._migrated or self._map.answer()[0] is not True:
            return "unready"
        # Known hosts and cached pages go on being served; taking every process out of service would end that.
        return "ready" if all(part["state"] == "ok" for part in parts.values()) else "degraded"


def _state(probe: Probe) -> dict[str, Any]:
    answer, took = probe.answer()
    state = "away" if isinstance(answer, Exception) else "slow" if took >= SLOW_FROM else "ok"
    return {"state": state, "ms": round(took * 1000, 1)}


def serves(what: str) -> bool:
    """Whether this belongs here: "blogs" of all sites, "admin", the number of one site; "" asks for nothing.

    An address that was one deployment's may be another one's by now.
    """
    match what:
        case "":
            return True
        case "admin":
            return "admin" in settings.SURFACES
        case "blogs":
            return "blogs" in settings.SURFACES and settings.PINNED_SITE_ID is None
        case number:
            return _NUMBER.fullmatch(number) is not None and serves_site(int(number))


readiness = Readiness()


@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The process answers; says nothing about database or cache."""
    return HttpResponse("live\n", content_type="text/plain")


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """200 while this process is of use, 503 when requests are better sent elsewhere.

    `?serves=` names what somebody wants to send here; it is astray with a process that serves something else.
    """
    status, parts = readiness.report()
    if not serves(request.GET.get("serves", "")):
        status = "astray"
    answer = {
        "status": status,
        "pinned_site": settings.PINNED_SITE_ID,
        "surfaces": list(settings.SURFACES),
        "parts": parts,
    }
    return JsonResponse(answer, status=200 if status in ("ready", "degraded") else 503)


# Also answered by processes without the internal surface (sites.py).
VIEWS = {"/health/live": live, READY_PATH: ready}
