"""Parses the date formats that occur in front matter."""

from datetime import date, datetime, time, tzinfo
from email.utils import parsedate_to_datetime
from typing import Any

from django.utils.dateparse import parse_date, parse_datetime

from blogs.paths import FIRST_YEAR, LAST_YEAR

_WRITTEN_OUT = (
    "%b %d %Y",
    "%B %d %Y",
    "%B %d, %Y",
    "%b %d, %Y",
    "%d %B %Y",
    "%d %b %Y",
    "%Y/%m/%d",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d %H:%M:%S",
)
MAX_SHOWN = 100  # characters of a text in a message
_YEARS = range(FIRST_YEAR, LAST_YEAR + 1)


def parse(value: Any, zone: tzinfo) -> datetime:
    """The date and time in `value`. Without a time zone the value is in `zone`, and without a time it means midnight.

    Raises ValueError when `value` is not a date.
    """
    if not isinstance(value, str | int | float | date):
        raise ValueError("the value is a list or a table and not a date")
    if not isinstance(value, date):  # datetime is a subclass of date, so it is checked first
        value = _parsed(str(value).strip())
    if not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if value.year not in _YEARS:
        raise ValueError(f"the year {value.year} is not within {FIRST_YEAR} to {LAST_YEAR}")
    moment: datetime = value if value.tzinfo else value.replace(tzinfo=zone)
    return moment


def _parsed(text: str) -> date:
    if text.endswith(" UTC"):
        text = f"{text[:-4]}Z"
    found = parse_datetime(text) or parse_date(text)
    if found is not None:
        return found
    for form in _WRITTEN_OUT:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007  # parse() adds the time zone
        except ValueError:
            continue
    try:
        return parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError) as error:
        raise ValueError(f"{text[:MAX_SHOWN]!r} is not a date") from error
