"""Decides which host names a site may claim."""

from lib.hostnames import InvalidDomain, canonical, refuse_lookalikes
from tenancy import surfaces


def claimable(text: str) -> str:
    """The canonical spelling of a domain that a site may have.

    Raises InvalidDomain for a text that is not a host name, for a look-alike, and for the host of a surface.
    """
    name = canonical(text)
    refuse_lookalikes(text, name)
    surface = surfaces.reserved().get(name)
    if surface is not None:
        raise InvalidDomain(text, f"the installation itself uses it ({surface.host_setting}); choose another.")
    return name
