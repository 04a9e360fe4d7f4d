"""The urlconf of each host, for django-hosts. tenancy/surfaces.py holds the table of surfaces."""

import re

from django_hosts import host, patterns

from tenancy import surfaces


def exactly(name: str) -> str:
    """A pattern for this host alone. django-hosts matches prefixes and escapes nothing."""
    return re.escape(name) + r"(?::\d+)?\Z"


host_patterns = patterns(
    "",
    *(
        host(exactly(surface.host), surface.active_urlconf, name=surface.name)
        for surface in surfaces.with_own_host()
        if surface.active_urlconf
    ),
    # Each other host that arrives here is a domain of a site: SiteMiddleware refuses all others.
    *([host(r".*\Z", surfaces.BLOGS.urlconf, name=surfaces.BLOGS.name)] if surfaces.BLOGS.is_served else []),
)
