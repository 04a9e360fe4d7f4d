"""The urlconf of each host, for django-hosts. tenancy/surfaces.py holds the table of surfaces."""

import re

from django_hosts import host, patterns

from tenancy import surfaces


def exactly(name: str) -> str:
    """A pattern that matches only this host. It is needed because django-hosts matches prefixes and does not escape."""
    return re.escape(name) + r"(?::\d+)?\Z"


host_patterns = patterns(
    "",
    *(
        host(exactly(surface.host), surface.active_urlconf, name=surface.name)
        for surface in surfaces.with_own_host()
        if surface.active_urlconf
    ),
    # SiteMiddleware refuses unknown hosts, so all other hosts are domains of sites.
    *([host(r".*\Z", surfaces.BLOGS.urlconf, name=surfaces.BLOGS.name)] if surfaces.BLOGS.is_served else []),
)
