"""Validation of host names. Claims, Host headers and Traefik's rules all use this one definition."""

import ipaddress
import re

import idna
from django.core.exceptions import ValidationError

# The length of `Site.domain` in django.contrib.sites. DNS allows 253.
MAX_LENGTH = 100
# Longer texts are refused before they are encoded: encoding took quadratic time in old versions of idna
# (CVE-2024-3651). Larger than MAX_LENGTH, because the canonical spelling can be shorter than the text.
MAX_TYPED = 254

_LABEL = r"(?!-)[a-z0-9-]{1,63}+(?<!-)"
_CANONICAL = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
# Browsers read a name that ends in such a label as an IPv4 address (WHATWG URL, "ends in a number").
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_HOST_HEADER = re.compile(r"(?P<name>[^:\[\]]+)(?P<port>:[0-9]{1,5})?")


class InvalidDomain(ValidationError):
    """The text is no host name that a site can have. The message names the text, the rule and the remedy."""

    def __init__(self, text: str, reason: str) -> None:
        shown = text if len(text) <= MAX_LENGTH else f"{text[:MAX_LENGTH]}…"
        super().__init__(f"{shown!a} is not a domain: {reason}", code="invalid_domain")


def is_canonical(name: str) -> bool:
    """Whether the name is in the spelling that is stored: lower-case ASCII labels, no port, no trailing dot."""
    return len(name) <= MAX_LENGTH and _CANONICAL.fullmatch(name) is not None


def canonical(text: str) -> str:
    """The canonical spelling of a domain: lower case, IDN in ASCII (UTS 46), without a trailing dot.

    Raises InvalidDomain for everything else than a host name: wildcards, IP addresses, ports, schemes, paths.
    """
    if len(text) > MAX_TYPED:
        raise InvalidDomain(text, f"it has {len(text)} characters; at most {MAX_LENGTH} are allowed.")
    for sign, what in (("://", "a scheme"), ("/", "a path"), ("*", "a wildcard"), ("@", "a user")):
        if sign in text:
            raise InvalidDomain(text, f"it contains {what}; write the bare host name, like blog.example.com.")
    if _is_ip_address(text):
        raise InvalidDomain(text, "it is an IP address; a site needs a name.")
    if ":" in text:
        raise InvalidDomain(
            text, "it contains a port; write the name without it. PUBLIC_PORT sets the port of all sites."
        )
    name = _ascii(text)
    if len(name) > MAX_LENGTH:
        raise InvalidDomain(text, f"it has {len(name)} characters; at most {MAX_LENGTH} are allowed.")
    if not is_canonical(name):
        raise InvalidDomain(
            text,
            "a label is 1 to 63 letters, digits and inner hyphens, and labels are joined by single dots.",
        )
    if _NUMBER.fullmatch(name.rsplit(".", 1)[-1]):
        raise InvalidDomain(text, "its last label is a number, which browsers take for an IP address.")
    return name


def split_host(header: str) -> tuple[str, str] | None:
    """(Canonical name, port with its colon or "") of a Host header. None if the name is no valid domain."""
    match = _HOST_HEADER.fullmatch(header)
    if match is None:
        return None
    try:
        return canonical(match["name"]), match["port"] or ""
    except InvalidDomain:
        return None


def _ascii(text: str) -> str:
    if text.isascii():
        name = text.lower().removesuffix(".")
        if "xn--" not in name:
            return name
    try:
        return idna.encode(text, uts46=True).decode("ascii").removesuffix(".")
    except UnicodeError as error:  # IDNAError is one
        raise InvalidDomain(text, f"it is no valid international name ({str(error)!a}).") from error


def _is_ip_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return False
    return True
