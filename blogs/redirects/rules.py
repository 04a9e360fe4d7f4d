"""Reads an old path and a target that a user typed, or refuses them with the rule and the remedy."""

import re
from collections.abc import Collection
from typing import NamedTuple
from urllib.parse import urlsplit

from django.contrib.sites.models import Site
from django.core.exceptions import ValidationError
from django.utils.encoding import iri_to_uri

from blogs.models.redirects import PATH_LENGTH
from blogs.paths import old_path_key, readable, target_key
from blogs.redirects.lookup import MAX_DEPTH, is_reserved
from lib import hostnames
from lib.query_strings import MAX_URL

MAX_TYPED = 5000  # characters; a letter that is percent-encoded takes up to twelve

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f\\]")
_ABSOLUTE_URL = re.compile(r"https?://[^/?#*]+(?:[/?#]|\Z)", re.IGNORECASE)


class Typed(NamedTuple):
    """A redirect as it is going to be stored. `new` is empty for 410."""

    old: str
    new: str


def domains_of(site: Site) -> list[str]:
    """The domains of a site, the primary one first."""
    return [site.domain, *site.domains.redirecting().values_list("name", flat=True)]


def read(old_path: str, new_path: str, *, domains: Collection[str]) -> Typed:
    """The redirect with these texts. `domains` are those of the site, as `domains_of` returns them.

    Raises ValidationError, by the names of the arguments.
    """
    errors = {}
    old = new = ""
    try:
        old = _old(old_path, domains)
    except ValidationError as error:
        errors["old_path"] = error
    try:
        new = _new(new_path, domains, is_pattern=old.endswith("*") or bool(errors))
    except ValidationError as error:
        errors["new_path"] = error
    if not errors and target_key(new) == old:
        errors["new_path"] = ValidationError(
            f"{shown(old)} and {new} are the same address. Enter another target, or leave it empty for 410."
        )
    if errors:
        raise ValidationError(errors)
    return Typed(old, new)


def shown(old: str) -> str:
    """An old path as a user can enter it: characters that have a meaning in a URL are encoded."""
    return old.replace("?", "%3F").replace("#", "%23")


def _old(text: str, domains: Collection[str]) -> str:
    path = _without_own_domain(text, domains)
    if not path.startswith("/") and _ABSOLUTE_URL.match(path):
        raise ValidationError(
            f"{_cut(path)} is not an address of this site, whose domains are {', '.join([*domains][:5])}. Enter"
            " a path, such as /old-name/."
        )
    for sign, part in (("?", "query"), ("#", "fragment")):
        if sign in path:
            raise ValidationError(
                f"{_cut(path)} has a {part}, but requests are compared by their path only, so this redirect would never"
                f" match. Remove the {sign} and everything after it."
            )
    _require_path(path)
    old = old_path_key(path)
    require_old_path(old)
    return old


def require_old_path(old: str) -> None:
    """Raises ValidationError if no site can redirect this old path, which is in its normal form."""
    if _CONTROL.search(old):
        raise ValidationError(f"{_cut(shown(old))} contains a control character. Remove it.")
    if len(old) > PATH_LENGTH:
        raise ValidationError(
            f"The old path is too long: it has {len(old)} characters; at most {PATH_LENGTH} are allowed."
        )
    if old == "/":
        raise ValidationError("The home page always exists, so / cannot be redirected. Enter another path.")
    if is_reserved(old):
        raise ValidationError(
            f"{shown(old)} is below an address that the site itself uses, so it cannot be redirected. Enter another"
            " path."
        )
    if "*" in old:
        _require_pattern(old)


def _require_pattern(old: str) -> None:
    if not old.endswith("/*") or "*" in old[:-1]:
        raise ValidationError(
            f"{old} has a * that is not the last segment. Only a pattern such as /blog/* can have a *."
        )
    if old.count("/") - 1 > MAX_DEPTH:
        raise ValidationError(f"The pattern has more than {MAX_DEPTH} segments. Enter a shorter one.")


def _new(text: str, domains: Collection[str], *, is_pattern: bool) -> str:
    new = _without_own_domain(text, domains)
    if not new:
        return ""
    if not _ABSOLUTE_URL.match(new):
        _require_path(new)
        if " " in new:
            raise ValidationError(f"“{_cut(new)}” has a space. Enter it percent-encoded, as %20.")
        new = readable(new)
    elif _UNPRINTABLE.search(new):
        raise ValidationError(f"{_cut(new)} has a space, a backslash or a control character. Enter it percent-encoded.")
    if len(new) > PATH_LENGTH or len(iri_to_uri(new)) > MAX_URL:
        raise ValidationError(
            f"The target has {len(iri_to_uri(new)):,} characters with its percent-encoding; at most {PATH_LENGTH}, or"
            f" {MAX_URL:,} with the percent-encoding, are allowed. Shorten it."
        )
    if new.endswith("*") and not (is_pattern and new.endswith("/*") and not set(new) & {"?", "#"}):
        raise ValidationError(
            f"{new} ends with *, which only the target of a pattern such as /blog/* can, as a segment of its path."
            " Remove the *."
        )
    return new


def _require_path(text: str) -> None:
    # Browsers read `//` and `/\` as the start of another host.
    if (
        not text.startswith("/")
        or text.startswith("//")
        or "\\" in text
        or _CONTROL.search(text)
        or len(text) > MAX_TYPED
    ):
        raise ValidationError(
            f"“{_cut(text)}” is not a path. Enter a path that begins with a single / and has no backslashes, such as"
            " /old-name/."
        )


def _without_own_domain(text: str, domains: Collection[str]) -> str:
    """The text without invisible ends. An absolute URL of the site becomes its path, query and fragment."""
    text = text.strip()
    if not _ABSOLUTE_URL.match(text):
        return text
    try:
        host = hostnames.split_host(urlsplit(text).netloc)
    except ValueError:
        return text
    if host is None or host[0] not in domains:
        return text
    rest = re.sub(r"\Ahttps?://[^/?#]*", "", text, flags=re.IGNORECASE)
    return rest if rest.startswith("/") else f"/{rest}"


def _cut(text: str) -> str:
    return text if len(text) <= 100 else f"{text[:100]}…"


def refusal(old_path: str) -> str:
    """Why no site can redirect this decoded path. Empty if a site can."""
    try:
        require_old_path(old_path_key(old_path))
    except ValidationError as error:
        return " ".join(error.messages)
    return ""
