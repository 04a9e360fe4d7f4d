"""Find a site by a domain that a user typed, for commands and messages. Requests use the registry instead."""

from django.contrib.sites.models import Site
from django.core.management.base import CommandError

from lib import hostnames
from tenancy import surfaces
from tenancy.models import Domain

SHOWN = 20  # sites that a message lists; an installation may have thousands


class UnknownSite(CommandError):
    """No site has the domain that the user typed. The message lists existing sites."""


def site_named(text: str) -> Site:
    """The site with this primary or further domain, in any spelling. Raises UnknownSite."""
    try:
        name = hostnames.canonical(text)
    except hostnames.InvalidDomain as error:
        raise UnknownSite(f"{error.message} {known_sites()}") from error
    # A site that was not created by tenancy.lifecycle has no Domain row. Commands must find it to repair or delete it.
    site = Site.objects.filter(domains__name=name).first() or Site.objects.filter(domain=name).first()
    if site is None:
        raise UnknownSite(f"No site has the domain {name}. {known_sites()}")
    return site


def domain_named(text: str) -> str:
    """The canonical spelling of a site's domain or of ADMIN_HOST. Raises UnknownSite for any other name."""
    try:
        name = hostnames.canonical(text)
    except hostnames.InvalidDomain as error:
        raise UnknownSite(f"{error.message} {known_sites()}") from error
    if name not in surfaces.public_hosts() and not Domain.objects.filter(name=name).exists():
        raise UnknownSite(f"No site has the domain {name}. {known_sites()}")
    return name


def known_sites() -> str:
    """A sentence that lists existing sites with their ids, at most SHOWN of them."""
    sites = Site.objects.order_by("domain")
    shown = [f"{domain} ({pk})" for pk, domain in sites.values_list("pk", "domain")[:SHOWN]]
    if not shown:
        return "There is no site yet. Create one: manage.py site create DOMAIN --name NAME"
    return f"Sites that exist: {at_most(shown, sites.count())}."


def at_most(items: list[str], total: int) -> str:
    """The first SHOWN items as text. It ends with the number of the others if `total` is higher."""
    more = total - SHOWN
    return ", ".join(items[:SHOWN]) + (f" and {more} more" if more > 0 else "")
