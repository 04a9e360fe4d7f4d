"""What must be right before a process serves: the site it is pinned to, and the hosts of the installation itself."""

import logging

from django.conf import settings
from django.contrib.sites.models import Site
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, ProgrammingError

from tenancy import domains
from tenancy.models import Domain
from tenancy.naming import known_sites

logger = logging.getLogger(__name__)


def check_pinned_site() -> None:
    """Raises ImproperlyConfigured, with the sites that exist, when this process is pinned to one that does not."""
    if settings.PINNED_SITE_ID is None:
        return
    try:
        exists = Site.objects.filter(pk=settings.PINNED_SITE_ID).exists()
    except (OperationalError, ProgrammingError) as error:
        # Nothing is served before the database is there, and other sites' hosts are refused all the same.
        logger.warning("SITE_ID=%s could not be checked: %s", settings.PINNED_SITE_ID, error)
        return
    if not exists:
        raise ImproperlyConfigured(
            f"SITE_ID={settings.PINNED_SITE_ID} names no site. Correct it, or unset it. {known_sites()}"
        )


def check_own_hosts() -> None:
    """Raises ImproperlyConfigured when a site has the name of the admin's host or of the internal one."""
    taken = sorted(Domain.objects.filter(name__in=list(domains.reserved())).values_list("name", flat=True))
    if taken:
        raise ImproperlyConfigured(
            f"{' and '.join(taken)} belongs to a site, and ADMIN_HOST or INTERNAL_HOST would hide it."
            " Choose another name for the host, or rename the site."
        )
