"""The cache of django.contrib.sites is the registry, so `get_current_site(request)` needs no query."""

from typing import Any

from django.contrib.sites import models as sites_framework
from django.contrib.sites.models import Site

from tenancy.registry.site_registry import registry
from tenancy.resolution import HostRefused, SiteHost, SurfaceHost, resolve


def site_at(host: SurfaceHost | SiteHost) -> Site:
    """The site at a host. For the host of a surface it is a `Site` without a row. Raises Site.DoesNotExist."""
    if isinstance(host, SurfaceHost):
        return Site(domain=host.name, name=host.name)
    return registry.site(host.entry)


class SitesByHost(dict[Any, Site]):
    """Replaces `SITE_CACHE` of django.contrib.sites: `get_current_site(request)` looks the host up in the registry.

    It contains every host, so that Django never queries for one. Writing to it and clearing it have no effect.
    """

    def __contains__(self, host: object) -> bool:
        return isinstance(host, str)

    def __getitem__(self, host: str) -> Site:
        """The site with this host, in any spelling. Raises Site.DoesNotExist."""
        try:
            return site_at(resolve(host))
        except HostRefused as error:
            raise Site.DoesNotExist(f"No live site has the host {host!a}.") from error

    def __setitem__(self, host: str, site: Site) -> None:
        pass

    def __delitem__(self, host: str) -> None:
        pass


def bind_sites_framework() -> None:
    """Replace the cache of django.contrib.sites with the registry in this process."""
    sites_framework.SITE_CACHE = SitesByHost()
    # Django's method would replace SITE_CACHE with a dictionary.
    sites_framework.SiteManager.clear_cache = lambda self: None  # type: ignore[method-assign]
