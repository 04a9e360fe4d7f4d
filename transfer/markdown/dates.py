"""Dates as archives write them."""

from datetime import date, datetime, time, tzinfo
from email.utils import parsedate_to_datetime
from typing import Any

from django.utils.dateparse import parse_date, parse_datetime

from blogs.paths import FIRST_YEAR, LAST_YEAR

_WRITTEN_OUT = ("%B %d, %Y", "%b %d, %Y", "%d %B %Y", "%d %b %Y", "%Y/%m/%d", "%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S")
_YEARS = range(FIRST_YEAR, LAST_YEAR + 1)


def moment(value: Any, zone: tzinfo) -> datetime:
    """The moment that front matter means; without a zone of its own it is one in `zone`, without a time midnight.

    Raises ValueError for what is no date.
    """
    if not isinstance(value, date):  # a datetime is one, too
        value = _parsed(str(value).strip())
    if not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if value.year not in _YEARS:
        raise ValueError(f"the year {value.year} is none of those that addresses can have")
    return value if value.tzinfo else value.replace(tzinfo=zone)


def _parsed(text: str) -> date:
    if text.endswith(" UTC"):
        text = f"{text[:-4]}Z"
    found = parse_datetime(text) or parse_date(text)
    if found is not None:
        return found
    for form in _WRITTEN_OUT:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007  # the site's zone is added by who asked
        except ValueError:
            continue
    try:
        return parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError) as error:
        raise ValueError(f"{text!r} is no date") from error
