"""What is a host name: the one strict definition, for claims, Host headers and everything that writes a host."""

import ipaddress
import re

import idna
from django.core.exceptions import ValidationError

# `Site.domain` of django.contrib.sites holds no more; DNS itself would allow 253.
MAX_LENGTH = 100
# Longer texts are not even looked at: encoding once took time that grew with the square of the length (CVE-2024-3651).
# Some signs shrink or vanish in the canonical spelling, so it is more than MAX_LENGTH.
MAX_TYPED = 254

_LABEL = r"(?!-)[a-z0-9-]{1,63}+(?<!-)"
_CANONICAL = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
# Browsers read a name that ends in such a label as an IPv4 address (WHATWG URL, "ends in a number").
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_HOST_HEADER = re.compile(r"(?P<name>[^:\[\]]+)(?P<port>:[0-9]{1,5})?")


class InvalidDomain(ValidationError):
    """A text that is no host name a site can have; the message names the text, the rule and the remedy."""

    def __init__(self, text: str, reason: str) -> None:
        shown = text if len(text) <= MAX_LENGTH else f"{text[:MAX_LENGTH]}…"
        super().__init__(f"{shown!a} is not a domain: {reason}", code="invalid_domain")


def is_canonical(name: str) -> bool:
    """True for a name in the only spelling we store: lower-case ASCII labels, no port, no trailing dot."""
    return len(name) <= MAX_LENGTH and _CANONICAL.fullmatch(name) is not None


def canonical(text: str) -> str:
    """The one spelling of a domain: lower case, IDN in ASCII (UTS 46), without a trailing dot.

    Raises InvalidDomain for whatever is no plain host name: wildcards, IP addresses, ports, schemes, paths.
    """
    if len(text) > MAX_TYPED:
        raise InvalidDomain(text, f"it has {len(text)} characters; at most {MAX_LENGTH} are allowed.")
    for sign, what in (("://", "a scheme"), ("/", "a path"), ("*", "a wildcard"), ("@", "a user")):
        if sign in text:
            raise InvalidDomain(text, f"it contains {what}; write the bare host name, like blog.example.com.")
    if _is_ip_address(text):
        raise InvalidDomain(text, "it is an IP address; a site needs a name.")
    if ":" in text:
        raise InvalidDomain(text, "it contains a port; write the name alone, PUBLIC_PORT holds the port.")
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
    """(canonical name, port with its colon or "") of a Host header, None when it names no host we could serve."""
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
