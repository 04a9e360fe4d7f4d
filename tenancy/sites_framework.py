"""django.contrib.sites, answered from the registry: `get_current_site(request)` costs no query."""

from typing import Any, cast

from django.contrib.sites import models as sites_framework
from django.contrib.sites.models import Site
from django.contrib.sites.shortcuts import get_current_site
from django.http import HttpRequest

from lib import hostnames
from tenancy import surfaces
from tenancy.registry.site_registry import registry
from tenancy.resolution import served


def current_site(request: HttpRequest) -> Site:
    """`get_current_site`, which answers a `Site` wherever the sites framework is installed."""
    return cast(Site, get_current_site(request))


class SitesByHost(dict[Any, Site]):
    """Stands in for `SITE_CACHE` of django.contrib.sites, so that every `get_current_site(request)` asks the registry.

    It claims to hold every host, so that no query is made for one; writing and clearing do nothing.
    """

    def __contains__(self, host: object) -> bool:
        return isinstance(host, str)

    def __getitem__(self, host: str) -> Site:
        """The site with this host, in any spelling. Raises Site.DoesNotExist."""
        name, _ = hostnames.split_host(host) or ("", "")
        if name in surfaces.reserved():
            return Site(domain=name, name=name)
        entry = served(name)
        if entry is None:
            raise Site.DoesNotExist(f"No live site has the host {host!a}.")
        return registry.site(entry)

    def __setitem__(self, host: str, site: Site) -> None:
        pass

    def __delitem__(self, host: str) -> None:
        pass


def bind_sites_framework() -> None:
    """Let the registry answer for django.contrib.sites in this process."""
    sites_framework.SITE_CACHE = SitesByHost()
    # It would put a plain dictionary in that place.
    sites_framework.SiteManager.clear_cache = lambda self: None  # type: ignore[method-assign]
