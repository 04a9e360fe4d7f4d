"""Host name → the site that this process serves there."""

from tenancy.models import State
from tenancy.pinning import serves_site
from tenancy.registry.domain_map import SiteEntry
from tenancy.registry.site_registry import registry


def served(name: str) -> SiteEntry | None:
    """The live site with this domain, if this process serves it. Raises RegistryUnavailable."""
    entry = registry.find(name)
    if entry is None or entry.state != State.LIVE or not serves_site(entry.site_id):
        return None
    return entry
