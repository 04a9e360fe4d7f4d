"""Which host is of which kind. A table: the surface and its hosts; its urls stand in settings.SURFACE_URLCONFS."""

import re

from django.conf import settings
from django_hosts import host, patterns


def exactly(name: str) -> str:
    """A pattern for this host alone: django-hosts matches prefixes and escapes nothing by itself."""
    return re.escape(name) + r"(?::\d+)?\Z"


HOSTS = {
    "admin": exactly(settings.ADMIN_HOST),
    "internal": exactly(settings.INTERNAL_HOST),
    # Every other host that came this far is a site's: SiteMiddleware stands before and lets nobody else pass.
    "blogs": r".*\Z",
}

host_patterns = patterns(
    "",
    *(
        host(pattern, settings.SURFACE_URLCONFS[surface], name=surface)
        for surface, pattern in HOSTS.items()
        if surface in settings.SURFACES
    ),
)
