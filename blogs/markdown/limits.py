"""Limits on the source of a document. Rendering takes linear time, but a dense document costs a hundred times as much
as prose of the same length: 50,000 list items take seconds.

The longest of 500 posts of a real archive has 43,000 characters with 714 lines and 1,145 marks.
"""

MAX_LENGTH = 200_000  # characters of Markdown
MAX_LINES = 5_000
MAX_MARKS = 10_000
MARKS = "!&*:<>@[\\]^_`|~"  # characters with a meaning in Markdown or HTML


class TooLarge(ValueError):
    """The document exceeds a limit. The message names its size, the limit and the remedy."""


def check_source(text: str) -> None:
    """Raises TooLarge for a text that would take too long to render."""
    lines = text.count("\n") + text.count("\r") - text.count("\r\n") + 1
    for number, what, limit in (
        (len(text), "characters", MAX_LENGTH),
        (lines, "lines", MAX_LINES),
        (sum(map(text.count, MARKS)), f"of the characters {MARKS}", MAX_MARKS),
    ):
        if number > limit:
            raise TooLarge(
                f"The text has {number:,} {what}; at most {limit:,} are allowed. Split it into several posts."
            )
