"""Validates primary keys from URLs and forms."""

MAX_DIGITS = 18  # The largest bigint. PostgreSQL rejects a comparison with a larger number.


def is_key(text: object) -> bool:
    """Whether `text` is a primary key in its canonical spelling: ASCII digits without a leading zero."""
    key = str(text)
    return key.isascii() and key.isdecimal() and len(key) <= MAX_DIGITS and not (key[0] == "0" and key != "0")
