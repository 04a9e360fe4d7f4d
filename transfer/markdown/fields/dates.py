"""Parses the date formats that occur in front matter."""

import re
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.dateparse import parse_date, parse_datetime

from blogs.paths import FIRST_YEAR, LAST_YEAR

_DAY_FORMS = ("%B %d %Y", "%b %d %Y", "%d %B %Y", "%d %b %Y", "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%d.%m.%Y")
_WEEKDAY = re.compile(r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.? +", re.IGNORECASE)
_ORDINAL = re.compile(r"(?<=[0-9])(?:st|nd|rd|th)\b", re.IGNORECASE)
_TIME = re.compile(
    r"[ T]+(?:at +)?(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.[0-9]+)?)?"
    r" *(?P<half>[ap]\.?m\.?)? *(?P<zone>[A-Za-z_/]*(?:[+-][0-9]{2}:?[0-9]{2})?)(?: +\([^()]*\))?\Z",
    re.IGNORECASE,
)
_OFFSET = re.compile(r"(?:GMT|UTC)?([+-])([0-9]{2}):?([0-9]{2})\Z")
# Hours from UTC of the names in RFC 822, and of frequent European names.
_ZONES = {
    "": None, "Z": 0, "UT": 0, "UTC": 0, "GMT": 0, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6,
    "PST": -8, "PDT": -7, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3,
}  # fmt: skip
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
    found = parse_datetime(text) or parse_date(text)
    if found is not None:
        return found
    found = _written_out(text[:MAX_SHOWN])
    if found is not None:
        return found
    try:
        return parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError) as error:
        raise ValueError(f"{text[:MAX_SHOWN]!r} is not a date") from error


def _written_out(text: str) -> date | None:
    """A date such as “Monday, March 2nd, 2015 at 10:30 am CET” or 2015年3月2日, or None."""
    text = _ORDINAL.sub("", " ".join(text.replace(",", " ").split()))
    text = _WEEKDAY.sub("", re.sub("[年月]", "-", text).replace("日", ""), count=1)
    time_of_day = _TIME.search(text)
    day = _day(text[: time_of_day.start()] if time_of_day else text)
    if day is None or time_of_day is None:
        return day
    hour = int(time_of_day["hour"])
    if time_of_day["half"]:
        hour = hour % 12 + (12 if time_of_day["half"][0] in "pP" else 0)
    moment = time(hour, int(time_of_day["minute"]), int(time_of_day["second"] or 0))
    return datetime.combine(day, moment, _zone(time_of_day["zone"]))


def _day(text: str) -> date | None:
    for form in _DAY_FORMS:
        try:
            return datetime.strptime(text.replace(". ", " "), form).date()  # noqa: DTZ007  # parse() adds the time zone
        except ValueError:
            continue
    return None


def _zone(name: str) -> tzinfo | None:
    """The time zone with this name or offset, or None if the name is empty. Raises ValueError."""
    offset = _OFFSET.match(name)
    if offset:
        minutes = int(offset[2]) * 60 + int(offset[3])
        return timezone(timedelta(minutes=minutes if offset[1] == "+" else -minutes))
    if name.upper() in _ZONES:
        hours = _ZONES[name.upper()]
        return None if hours is None else timezone(timedelta(hours=hours))
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, ZoneInfoNotFoundError) as error:
        raise ValueError(f"the time zone {name!r} is unknown") from error
