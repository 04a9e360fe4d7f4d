"""Finds the surface or the site that this process serves at a Host header. It uses neither requests nor responses."""

from typing import NamedTuple

from lib import hostnames
from tenancy import surfaces
from tenancy.models import State
from tenancy.pinning import serves_site
from tenancy.registry.domain_map import SiteEntry
from tenancy.registry.site_registry import registry
from tenancy.surfaces import Surface


class SurfaceHost(NamedTuple):
    """The host of a surface."""

    name: str  # canonical
    port: str  # with its colon, or ""
    surface: Surface


class SiteHost(NamedTuple):
    """A domain of a live site that this process serves."""

    name: str  # canonical
    port: str  # with its colon, or ""
    entry: SiteEntry

    @property
    def is_primary(self) -> bool:
        return self.name == self.entry.primary


class HostRefused(LookupError):
    """This process serves nothing at the host."""


class MalformedHost(HostRefused):
    """The Host header has characters beyond ASCII, which no client sends (RFC 9110, 7.2)."""


class UnknownHost(HostRefused):
    """No surface and no site of this process has the host."""


class SuspendedHost(HostRefused):
    """The site with this domain is suspended. This process would serve it otherwise."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name  # canonical


def resolve(header: str) -> SurfaceHost | SiteHost:
    """What this process serves at the host that a Host header names, in any spelling.

    Raises MalformedHost, UnknownHost, SuspendedHost and, before the registry has ever read the database,
    RegistryUnavailable.
    """
    if not header.isascii():
        raise MalformedHost(ascii(header[: hostnames.MAX_TYPED]))
    name_and_port = hostnames.split_host(header)
    if name_and_port is None:
        raise UnknownHost(header[: hostnames.MAX_TYPED])
    name, port = name_and_port
    surface = surfaces.reserved().get(name)
    if surface is not None:
        if not surface.active_urlconf:
            raise UnknownHost(name)
        return SurfaceHost(name, port, surface)
    entry = _assigned(name)
    if entry is None:
        raise UnknownHost(name)
    if entry.state != State.LIVE:
        raise SuspendedHost(name)
    return SiteHost(name, port, entry)


def served(name: str) -> SiteEntry | None:
    """The live site with this domain, if this process serves it. Raises RegistryUnavailable."""
    entry = _assigned(name)
    return entry if entry is not None and entry.state == State.LIVE else None


def _assigned(name: str) -> SiteEntry | None:
    """The site with this domain in any state, if it is one of the sites of this process."""
    entry = registry.find(name)
    return entry if entry is not None and serves_site(entry.site_id) else None
