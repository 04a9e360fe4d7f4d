"""Which sites this process serves, and the checks of the rows in the database before it serves them."""

import logging

from django.conf import settings
from django.contrib.sites.models import Site
from django.core.exceptions import ImproperlyConfigured

from lib.database import DATABASE_NOT_READY
from lib.setting_values import computed_once
from tenancy import surfaces
from tenancy.lookup import known_sites
from tenancy.models import Domain

logger = logging.getLogger(__name__)


def serves_site(site_id: int) -> bool:
    """Whether this process would serve the site if it is live."""
    serves_blogs, pinned_site_id = _blogs()
    return serves_blogs and pinned_site_id in (None, site_id)


@computed_once
def _blogs() -> tuple[bool, int | None]:
    """Whether this process serves blogs, and the id of the one that it is pinned to."""
    return surfaces.BLOGS.is_served, settings.PINNED_SITE_ID


def check_before_serving() -> None:
    """Raise ImproperlyConfigured if SITE_ID is not the id of a site, or if a site has the host of a surface."""
    try:
        check_pinned_site()
        check_own_hosts()
    except DATABASE_NOT_READY as error:
        # The process may start anyway: it serves no site until the database is available.
        logger.warning("The sites could not be checked before serving: %s", error)


def check_pinned_site() -> None:
    """Raise ImproperlyConfigured, which lists the existing sites, if SITE_ID is not the id of a site."""
    if settings.PINNED_SITE_ID is not None and not Site.objects.filter(pk=settings.PINNED_SITE_ID).exists():
        raise ImproperlyConfigured(
            f"SITE_ID={settings.PINNED_SITE_ID} names no site. Correct it, or unset it. {known_sites()}"
        )


def check_own_hosts() -> None:
    """Raise ImproperlyConfigured if a site has the host of a surface as a domain."""
    reserved = surfaces.reserved()
    taken = Domain.objects.filter(name__in=list(reserved)).order_by("name").values_list("name", flat=True)
    if names := list(taken):
        variables = " and ".join(reserved[name].host_setting for name in names)
        raise ImproperlyConfigured(
            f"{' and '.join(names)} belongs to a site, and {variables} would hide it."
            " Choose another name for the host, or rename the site."
        )
