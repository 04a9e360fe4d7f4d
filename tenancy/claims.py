"""Which host names a site may claim."""

from lib.hostnames import InvalidDomain, canonical
from tenancy.surfaces import reserved


def claimable(text: str) -> str:
    """The canonical spelling of a domain that a site may have. Raises InvalidDomain, also for our own hosts."""
    name = canonical(text)
    if name in reserved():
        raise InvalidDomain(text, "the installation itself uses it (ADMIN_HOST, INTERNAL_HOST); choose another.")
    return name
