"""Validates host names. Domains of sites, Host headers and rules for Traefik all use this definition."""

import ipaddress
import re
from unicodedata import category
from unicodedata import name as unicode_name

import idna
from django.core.exceptions import ValidationError

# The max_length of `Site.domain` in django.contrib.sites. DNS allows 253 characters.
MAX_LENGTH = 100
# Longer input is refused before it is encoded, because encoding takes quadratic time in old versions of idna
# (CVE-2024-3651). The limit exceeds MAX_LENGTH, because the canonical spelling can be shorter than the input.
MAX_TYPED = 254

_LABEL = r"(?!-)[a-z0-9-]{1,63}+(?<!-)"
_CANONICAL = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
# Browsers read a name that ends in such a label as an IPv4 address (WHATWG URL, "ends in a number").
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_USUAL_SCRIPTS = (
    frozenset({"Latin", "Cjk", "Hiragana", "Katakana"}),
    frozenset({"Latin", "Cjk", "Bopomofo"}),
    frozenset({"Latin", "Cjk", "Hangul"}),
)
_SCRIPTS = {"ー": "Katakana", "々": "Cjk", "〆": "Cjk", "〇": "Cjk"}  # These names do not begin with the script.
# Lower-case letters that Chromium treats as look-alikes of Latin ones (its IDN policy).
_LATIN_LOOKALIKES = frozenset("асԁеһіјӏорԗԛѕԝхуъьҽпгѵѡ")
_HOST_HEADER = re.compile(r"(?P<name>[^:\[\]]+)(?P<port>:[0-9]{1,5})?")


class InvalidDomain(ValidationError):
    """The text is not a host name that a site can have. The message names the text, the rule and the remedy."""

    def __init__(self, text: str, reason: str) -> None:
        shown = text if len(text) <= MAX_LENGTH else f"{text[:MAX_LENGTH]}…"
        super().__init__(f"{shown!a} is not a domain: {reason}", code="invalid_domain")


def is_canonical(name: str) -> bool:
    """Whether the name has the spelling that is stored: lower-case ASCII labels without a port or a trailing dot."""
    return len(name) <= MAX_LENGTH and _CANONICAL.fullmatch(name) is not None


def canonical(text: str) -> str:
    """The canonical spelling of a domain: lower case, IDN in ASCII (UTS 46), without a trailing dot.

    Raises InvalidDomain if `text` is not a host name, for example if it has a wildcard, port, scheme or path.
    """
    if len(text) > MAX_TYPED:
        raise InvalidDomain(text, f"it has {len(text)} characters; at most {MAX_LENGTH} are allowed.")
    for sign, what in (("://", "a scheme"), ("/", "a path"), ("*", "a wildcard"), ("@", "a user")):
        if sign in text:
            raise InvalidDomain(text, f"it contains {what}; write only the host name, such as blog.example.com.")
    if _is_ip_address(text):
        raise InvalidDomain(text, "it is an IP address; a site needs a domain name.")
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
            "a label is 1 to 63 letters, digits and hyphens, and has no hyphen at its start or end; single dots"
            " separate labels.",
        )
    if _NUMBER.fullmatch(name.rsplit(".", 1)[-1]):
        raise InvalidDomain(text, "its last label is a number, which browsers take for an IP address.")
    return name


def refuse_lookalikes(text: str, name: str) -> None:
    """Raises InvalidDomain if a label of the canonical `name` may be read as another name. `text` is what was typed.

    A label may have letters of one script, or a combination that is usual for Chinese, Japanese or Korean ("highly
    restrictive" in UTS 39, 5.2). Cyrillic letters that all look like Latin ones are refused too.
    """
    for label in map(_unicode, name.split(".")):
        scripts = {_script(char) for char in label} - {""}
        if len(scripts) > 1 and not any(scripts <= usual for usual in _USUAL_SCRIPTS):
            raise InvalidDomain(
                text, f"the label {label!a} mixes letters of {_listed(scripts)}, as look-alikes do; use one script."
            )
        if scripts == {"Cyrillic"} and _LATIN_LOOKALIKES.issuperset(char for char in label if char.isalpha()):
            raise InvalidDomain(text, f"all letters of the label {label!a} are Cyrillic and look like Latin letters.")


def _unicode(label: str) -> str:
    return idna.decode(label) if label.startswith("xn--") else label


def _script(char: str) -> str:
    """The script of a letter, from the first word of its name in Unicode. Empty for digits, hyphens and marks."""
    if category(char)[0] != "L":
        return ""
    return _SCRIPTS.get(char, unicode_name(char, "unknown").partition(" ")[0]).capitalize()


def _listed(scripts: set[str]) -> str:
    *others, last = sorted(scripts)
    return f"{', '.join(others)} and {last}"


def split_host(header: str) -> tuple[str, str] | None:
    """Split a Host header into the canonical name and the port, which is "" or begins with a colon.

    Returns None if the name is not a valid domain."""
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
    except UnicodeError as error:  # the base class of idna's exceptions
        raise InvalidDomain(text, f"it is not a valid international name ({str(error)!a}).") from error


def _is_ip_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return False
    return True
