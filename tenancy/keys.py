"""Primary keys that come from outside, in addresses and forms."""

DIGITS = 18  # beyond these PostgreSQL refuses the comparison with a key


def is_key(text: object) -> bool:
    """Whether a text from outside can be compared with a primary key."""
    key = str(text)
    return key.isascii() and key.isdecimal() and len(key) <= DIGITS
