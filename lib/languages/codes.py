"""Codes of languages such as `de`, `de-at` and `zh-hant`, in the spelling of Django's LANGUAGES."""

import locale
import re
from collections.abc import Container
from functools import lru_cache

from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_supported_language_variant, to_locale

# A SafeString, because templates would escape each empty string.
NO_ATTRIBUTES = SafeString("")

_CODE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{1,8})*")


def longest_known(code: str, known: Container[str]) -> str:
    """The longest prefix of the code that is in `known`, or "": `de` for `de-at` if only `de` is known."""
    code = code.lower()
    while code and code not in known:
        code = code.rpartition("-")[0]
    return code


def supported(written: str) -> str:
    """The language of LANGUAGES for a code in a common spelling: `zh-hans` for `zh_CN`. "" if there is none."""
    code = written.strip().partition(".")[0].replace("_", "-").lower()
    if not _CODE.fullmatch(code):
        return ""
    try:
        return get_supported_language_variant(code)
    except LookupError:
        return ""


def is_right_to_left(code: str) -> bool:
    return code.partition("-")[0] in settings.LANGUAGES_BIDI


@lru_cache(maxsize=1_000)
def attributes(code: str) -> SafeString:
    """The attributes of an element whose text is in this language, with a leading space."""
    return format_html(' lang="{}" dir="{}"', code, "rtl" if is_right_to_left(code) else "ltr")


def attributes_if_other(code: str | None, page: str) -> SafeString:
    """The attributes of an element whose text may be in another language than the page. An empty code is the page's."""
    return attributes(code) if code and code != page else NO_ATTRIBUTES


@lru_cache(maxsize=1_000)
def with_territory(code: str) -> str:
    """The locale for Open Graph: pt-br → pt_BR, de → de_DE. Empty if the language has no usual territory."""
    name = locale.normalize(to_locale(code)).partition(".")[0]
    return name if re.fullmatch(r"[a-z]{2,3}_[A-Z]{2}", name) else ""
