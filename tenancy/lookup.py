"""Which site does somebody mean? For commands and messages; requests ask the registry."""

from django.contrib.sites.models import Site
from django.core.management.base import CommandError

from lib import hostnames
from tenancy import surfaces
from tenancy.models import Domain

SHOWN = 20  # an installation may have thousands of sites


class UnknownSite(CommandError):
    """No site has the domain that somebody typed; the message names those that exist."""


def site_named(text: str) -> Site:
    """The site that has this domain, primary or not, in any spelling. Raises UnknownSite."""
    try:
        name = hostnames.canonical(text)
    except hostnames.InvalidDomain as error:
        raise UnknownSite(f"{error.message} {known_sites()}") from error
    # One that somebody made without us has no row in the table of domains; it can be mended or deleted all the same.
    site = Site.objects.filter(domains__name=name).first() or Site.objects.filter(domain=name).first()
    if site is None:
        raise UnknownSite(f"No site has the domain {name}. {known_sites()}")
    return site


def domain_named(text: str) -> str:
    """The canonical spelling of a domain of ours that somebody typed, or of the admin's host. Raises UnknownSite."""
    try:
        name = hostnames.canonical(text)
    except hostnames.InvalidDomain as error:
        raise UnknownSite(f"{error.message} {known_sites()}") from error
    if name not in surfaces.public_hosts() and not Domain.objects.filter(name=name).exists():
        raise UnknownSite(f"No site has the domain {name}. {known_sites()}")
    return name


def known_sites() -> str:
    """A sentence that names the sites that exist, with their ids; no more than a screen holds."""
    sites = Site.objects.order_by("domain")
    shown = [f"{domain} ({pk})" for pk, domain in sites.values_list("pk", "domain")[:SHOWN]]
    if not shown:
        return "There is no site yet: manage.py site create DOMAIN --name NAME makes one."
    return f"Sites that exist: {at_most(shown, sites.count())}."


def at_most(items: list[str], total: int) -> str:
    """The first ones, and how many more there are of `total`."""
    more = total - SHOWN
    return ", ".join(items[:SHOWN]) + (f" and {more} more" if more > 0 else "")
