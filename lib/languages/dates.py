"""Dates in the usual form of each language, from the Unicode CLDR: “14. März 2026”, “2026年3月14日”."""

from datetime import date
from functools import cache, lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton


@lru_cache(maxsize=10_000)
def day_text(day: date, language: str) -> str:
    """The day, with the name of the month as text. In the form 2026-03-14 if the CLDR lacks the language."""
    locale = _locale(language)
    return format_date(day, "long", locale=locale) if locale else day.isoformat()


@lru_cache(maxsize=1_000)
def month_text(day: date, language: str) -> str:
    """The month and the year of the day. In the form 2026-03 if the CLDR lacks the language."""
    locale = _locale(language)
    return format_skeleton("yMMMM", day, locale=locale) if locale else f"{day:%Y-%m}"


@cache
def _locale(language: str) -> Locale | None:
    try:
        locale = Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return None
    # The CLDR knows some languages, such as Ido, only by name.
    return None if locale.months["format"]["wide"][1] == "M01" else locale
