"""Traefik's dynamic configuration: the router of each domain, its service, and the certificates to request.

`document` is a pure function of its arguments. Each name is validated again before it is written into a rule. A
backtick in a name would end the name there, and the text after it could match the requests of all sites.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from django.conf import settings
from django.core.exceptions import ValidationError

from tenancy import claims, deployments, surfaces
from tenancy.models import Domain, DomainCheck, State

# traefik/dynamic/newsstand.yml has the same catch-all with priority 1, for the time before the application runs.
CATCH_ALL_PRIORITY = 2
ROUTER_PRIORITY = 1000
# The name of the certificate resolver in traefik/traefik.yml.
CERTIFICATES = "acme"

Document = dict[str, Any]

logger = logging.getLogger(__name__)


class Route(NamedTuple):
    """A domain of a live site."""

    domain: str
    site_id: int
    deployment: str  # an address, or "" for the shared deployment


def current_document() -> Document:
    """The document for the current rows of the database. Raises the errors of lib.database.DATABASE_NOT_READY."""
    found = routes()
    of_surfaces = [address for surface in surfaces.with_own_host() for address in surface.deployment]
    of_sites = {route.deployment for route in found if route.deployment}
    replicas = deployments.replicas([*settings.SHARED_DEPLOYMENT, *of_surfaces, *of_sites])
    lead_here = set(DomainCheck.objects.filter(failures=0).values_list("name", flat=True))
    return document(found, lead_here & {*surfaces.public_hosts(), *(route.domain for route in found)}, replicas)


def routes() -> list[Route]:
    """All domains of live sites that are valid in a rule, oldest first."""
    rows = Domain.objects.filter(site__settings__state=State.LIVE).order_by("pk")
    return [
        Route(name, site_id, _valid_address(deployment, name))
        for name, site_id, deployment in rows.values_list("name", "site_id", "site__settings__deployment").iterator()
        if _is_valid_in_rule(name)
    ]


def document(found: Sequence[Route], certified: Iterable[str], replicas: Mapping[str, Sequence[str]]) -> Document:
    """The document for these routes.

    `certified` are the domains that get a certificate. `replicas` maps the address of a deployment to those of its
    replicas. The router of a domain has the name of the domain. Names of other routers begin with _, unlike any domain.
    """
    own = [route for route in found if route.deployment]
    shared = [route for route in found if not route.deployment][: settings.DOMAIN_ROUTERS]
    routers = _catch_all(certified)
    services = {"shared": _service(settings.SHARED_DEPLOYMENT, replicas, "blogs")}
    for surface in surfaces.with_own_host():
        if surface.deployment:
            # On both entry points: the shared deployment may not serve the surface, so it could not redirect to https.
            router = _router(surface.host, surface.name)
            routers |= {f"_{surface.name}": _on_web(router), f"_{surface.name}-tls": _on_websecure(router)}
            services[surface.name] = _service(surface.deployment, replicas, surface.name)
    # Requests without TLS match the catch-all; the application redirects them to https.
    on_entry_point = _on_websecure if settings.PUBLIC_SCHEME == "https" else _on_web
    for route in [*own, *shared]:
        service = f"site-{route.site_id}" if route.deployment else "shared"
        routers[route.domain] = on_entry_point(_router(route.domain, service))
    for route in own:
        services[f"site-{route.site_id}"] = _service([route.deployment], replicas, str(route.site_id))
    return {"http": {"routers": routers, "services": services}}


def _catch_all(certified: Iterable[str]) -> dict[str, Document]:
    private = [surface.host for surface in surfaces.with_own_host() if not surface.is_public]
    router: Document = {
        "rule": " && ".join(f"!Host(`{host}`)" for host in private),
        "priority": CATCH_ALL_PRIORITY,
        "service": "shared",
    }
    tls: Document = {}
    # All certificates are requested here, because domains beyond DOMAIN_ROUTERS have no router of their own.
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
    """A load balancer over all replicas. Its health check also requires that a replica serves `serves` (health.py)."""
    path = f"{deployments.READY_PATH}?serves={serves}"
    health = {"path": path, "hostname": settings.INTERNAL_HOST, "interval": "1s", "timeout": "1s"}
    urls = [{"url": url} for address in addresses for url in replicas[address]]
    return {"loadBalancer": {"servers": urls, "healthCheck": health}}


def _is_valid_in_rule(name: str) -> bool:
    try:
        valid = claims.claimable(name) == name
    except ValidationError:
        valid = False
    if not valid:
        _log_once(f"{name!a} is not a domain that a site can have. It gets no route.")
    return valid


def _valid_address(text: str, name: str) -> str:
    if not text or deployments.is_address(text):
        return text
    _log_once(
        f"{text!a}, set as the deployment of {name}, is not a valid address; the shared deployment serves the site."
    )
    return ""


@lru_cache(1000)
def _log_once(message: str) -> None:
    """Log each message once, because Traefik requests the document each second."""
    logger.error(message)
