"""Which sites this process serves, and what must be right before it does."""

import logging

from django.conf import settings
from django.contrib.sites.models import Site
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, ProgrammingError

from tenancy import surfaces
from tenancy.lookup import known_sites
from tenancy.models import Domain

logger = logging.getLogger(__name__)


def serves_site(site_id: int) -> bool:
    """Whether this process serves the blog of that site. Whether the site is live is another question."""
    return "blogs" in settings.SURFACES and settings.PINNED_SITE_ID in (None, site_id)


def check_before_serving() -> None:
    """Raises ImproperlyConfigured when this process is pinned to no site, or a site has the name of an own host."""
    try:
        check_pinned_site()
        check_own_hosts()
    except (OperationalError, ProgrammingError) as error:
        # Nothing is served before the database is there, and other sites' hosts are refused all the same.
        logger.warning("The sites could not be checked before serving: %s", error)


def check_pinned_site() -> None:
    """Raises ImproperlyConfigured, with the sites that exist, when this process is pinned to one that does not."""
    if settings.PINNED_SITE_ID is not None and not Site.objects.filter(pk=settings.PINNED_SITE_ID).exists():
        raise ImproperlyConfigured(
            f"SITE_ID={settings.PINNED_SITE_ID} names no site. Correct it, or unset it. {known_sites()}"
        )


def check_own_hosts() -> None:
    """Raises ImproperlyConfigured when a site has the name of the admin's host or of the internal one."""
    taken = sorted(Domain.objects.filter(name__in=list(surfaces.reserved())).values_list("name", flat=True))
    if taken:
        raise ImproperlyConfigured(
            f"{' and '.join(taken)} belongs to a site, and ADMIN_HOST or INTERNAL_HOST would hide it."
            " Choose another name for the host, or rename the site."
        )
