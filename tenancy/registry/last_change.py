"""When the pages of a site last changed."""

from datetime import UTC, datetime

from django.contrib.sites.models import Site

from tenancy.changes.moments import last_moment
from tenancy.models import Generation
from tenancy.registry.domain_map import SiteEntry
from tenancy.registry.per_generation import cached_per_generation
from tenancy.registry.site_registry import registry


def last_change(site: Site) -> datetime:
    """The time of the last change of a row on which the site's pages depend, or of the last moment after it.

    A moment is a time at which the site changes without a change of a row (changes/moments.py).
    """
    entry = registry.find(site.domain)
    # The domain may have moved to another site since the request began.
    if entry is None or entry.site_id != site.pk:
        return _last_change(site.pk)
    return _cached(entry)


@cached_per_generation
def _cached(entry: SiteEntry) -> datetime:
    return _last_change(entry.site_id)


def _last_change(site_id: int) -> datetime:
    changed_at = Generation.objects.filter(site_id=site_id).values_list("changed_at", flat=True).first()
    if changed_at is None:  # triggers are missing, so no response of the site is stored
        return datetime.now(UTC)
    return last_moment(site_id, since=changed_at) or changed_at
