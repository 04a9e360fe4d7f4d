"""Absolute URLs of sites and of the admin. The host comes from the site's row or from a setting, never the request."""

from django.conf import settings
from django.contrib.sites.models import Site

from lib.absolute_urls import absolute_url


def site_url(site: Site, path: str = "/") -> str:
    """The absolute URL of a path of the site."""
    return absolute_url(site.domain, path)


def admin_url(path: str = "/") -> str:
    """The absolute URL of a path of the admin."""
    return absolute_url(settings.ADMIN_HOST, path)
