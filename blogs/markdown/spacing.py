"""The spaces of French: narrow no-break spaces before `; : ! ?` and within « »."""

import re
from collections.abc import Iterator

NARROW = "\u202f"  # the narrow no-break space

# The spaces before a mark, and after an opening quotation mark.
_SPACED = re.compile(r"(?P<before> {0,4})(?P<mark>[;:!?»])|(?<=«)(?P<after> {0,4})(?!»)")
_NOT_AFTER = "([{«“‘;:!?\u202f\xa0"  # A mark has no space of its own after one of these.
_QUOTES = "»”\"'"
# What may follow a mark, besides white space: in times, addresses and words other characters do.
_FOLLOWING = {";": _QUOTES, ":": _QUOTES, "!": f"{_QUOTES}’)]}}!?…,.", "?": f"{_QUOTES}’)]}}!?…,."}
_SHORTCODE = re.compile(r":[\w+-]{1,40}\Z")  # of an emoji, before its last colon


def french_spaces(text: str, marks: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and new text of each place where these marks need a narrow no-break space."""
    for found in _SPACED.finditer(text):
        if not found["mark"]:
            if not text[found.end() : found.end() + 1].isspace():
                yield found.start(), found.end(), NARROW
        elif found["mark"] in marks and _is_spaced(text, found.start(), found.end(), found["mark"]):
            yield found.start(), found.end("before"), NARROW


def _is_spaced(text: str, start: int, end: int, mark: str) -> bool:
    before, after = text[start - 1 : start] if start else "", text[end : end + 1]
    if not before or before.isspace() or before in _NOT_AFTER:
        return False
    if mark == ":" and _SHORTCODE.search(text, max(0, start - 42), start):
        return False
    return mark == "»" or not after or after.isspace() or after in _FOLLOWING[mark]
