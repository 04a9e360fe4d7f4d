"""Traefik's dynamic document: which domain leads to which deployment, and who wants a certificate.

What stands in it is a pure function of its arguments. A name is looked at once more before it is written into a rule:
there a backtick is the end of the name, and what follows could capture everybody's traffic.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from django.conf import settings
from django.core.exceptions import ValidationError

from tenancy import claims, deployments
from tenancy.models import Domain, DomainCheck, State

# The file traefik/dynamic/newsstand.yml has the same at 1: that one is there before the application is.
CATCH_ALL_PRIORITY = 2
ROUTER_PRIORITY = 1000
# As the resolver is called in traefik/traefik.yml.
CERTIFICATES = "acme"

Document = dict[str, Any]

logger = logging.getLogger(__name__)


class Route(NamedTuple):
    """A domain of a live site."""

    domain: str
    site_id: int
    deployment: str  # an address, or "" for the shared deployment


def current_document() -> Document:
    """The document as the database says now. Raises DatabaseError."""
    found = routes()
    own = {route.deployment for route in found if route.deployment}
    replicas = deployments.replicas([*settings.SHARED_DEPLOYMENT, *settings.ADMIN_DEPLOYMENT, *own])
    lead_here = set(DomainCheck.objects.filter(failures=0).values_list("name", flat=True))
    return document(found, lead_here & {settings.ADMIN_HOST, *(route.domain for route in found)}, replicas)


def routes() -> list[Route]:
    """All domains of live sites, oldest first, without those that must reach no rule."""
    rows = Domain.objects.filter(site__settings__state=State.LIVE).order_by("pk")
    return [
        Route(name, site_id, _trusted_address(deployment, name))
        for name, site_id, deployment in rows.values_list("name", "site_id", "site__settings__deployment").iterator()
        if _may_be_written(name)
    ]


def document(found: Sequence[Route], certified: Iterable[str], replicas: Mapping[str, Sequence[str]]) -> Document:
    """The document for these routes and certificates; `replicas` holds those of each deployment's address.

    A router has the name of its domain; the others' names begin with _, which no domain does.
    """
    own = [route for route in found if route.deployment]
    shared = [route for route in found if not route.deployment][: settings.DOMAIN_ROUTERS]
    routers = _catch_all(certified)
    services = {"shared": _service(settings.SHARED_DEPLOYMENT, replicas, "blogs")}
    if settings.ADMIN_DEPLOYMENT:
        # On both entry points: the shared deployment may not even serve the admin's way to https.
        admin = _router(settings.ADMIN_HOST, "admin")
        routers |= {"_admin": _on_web(admin), "_admin-tls": _on_websecure(admin)}
        services["admin"] = _service(settings.ADMIN_DEPLOYMENT, replicas, "admin")
    # What comes without TLS goes by the catch-all to the application, which knows the site's address with https.
    spoken = _on_websecure if settings.PUBLIC_SCHEME == "https" else _on_web
    for route in [*own, *shared]:
        service = f"site-{route.site_id}" if route.deployment else "shared"
        routers[route.domain] = spoken(_router(route.domain, service))
    for route in own:
        services[f"site-{route.site_id}"] = _service([route.deployment], replicas, str(route.site_id))
    return {"http": {"routers": routers, "services": services}}


def _catch_all(certified: Iterable[str]) -> dict[str, Document]:
    router: Document = {
        "rule": f"!Host(`{settings.INTERNAL_HOST}`)",
        "priority": CATCH_ALL_PRIORITY,
        "service": "shared",
    }
    tls: Document = {}
    # All certificates are asked for here, so that those beyond the limit of routers get theirs, too.
    wanted = [{"main": domain} for domain in sorted(certified)]
    if wanted and settings.PUBLIC_SCHEME == "https":
        tls = {"certResolver": CERTIFICATES, "domains": wanted}
    return {"_catch-all": _on_web(router), "_catch-all-tls": _on_websecure(router) | {"tls": tls}}


def _router(domain: str, service: str) -> Document:
    return {"rule": f"Host(`{domain}`)", "priority": ROUTER_PRIORITY, "service": service}


def _on_web(router: Document) -> Document:
    return {**router, "entryPoints": ["web"]}


def _on_websecure(router: Document) -> Document:
    return {**router, "entryPoints": ["websecure"], "tls": {}}


def _service(addresses: Sequence[str], replicas: Mapping[str, Sequence[str]], serves: str) -> Document:
    """Servers that are asked for their health, and whether what we send them is theirs to serve (health.py)."""
    path = f"{deployments.READY_PATH}?serves={serves}"
    health = {"path": path, "hostname": settings.INTERNAL_HOST, "interval": "1s", "timeout": "1s"}
    urls = [{"url": url} for address in addresses for url in replicas[address]]
    return {"loadBalancer": {"servers": urls, "healthCheck": health}}


def _may_be_written(name: str) -> bool:
    try:
        fine = claims.claimable(name) == name
    except ValidationError:
        fine = False
    if not fine:
        _complain(f"{name!a} is no domain that a site can have, and gets no route.")
    return fine


def _trusted_address(text: str, name: str) -> str:
    if not text or deployments.is_address(text):
        return text
    _complain(f"{text!a} of {name} is no address of a deployment; the shared one serves the site.")
    return ""


@lru_cache(1000)
def _complain(message: str) -> None:
    """Once: Traefik asks each second."""
    logger.error(message)
