"""Which kind of host has which urlconf. A table: the surface's name, its hosts, its urls."""

import re

from django.conf import settings
from django_hosts import host, patterns


def exactly(name: str) -> str:
    """A pattern for this host alone: django-hosts matches prefixes and escapes nothing by itself."""
    return re.escape(name) + r"(?::\d+)?\Z"


host_patterns = patterns(
    "",
    host(exactly(settings.ADMIN_HOST), "tenancy.admin_urls", name="admin"),
    host(exactly(settings.INTERNAL_HOST), "tenancy.urls", name="internal"),
    # Every other host that came this far is a site's: SiteMiddleware stands before and lets nobody else pass.
    host(r".*\Z", "blogs.urls", name="blogs"),
)
