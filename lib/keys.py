"""Primary keys that come from outside, in addresses and forms."""

DIGITS = 18  # beyond these PostgreSQL refuses the comparison with a key


def is_key(text: object) -> bool:
    """Whether a text from outside is written like a primary key: in the one spelling that a number has."""
    key = str(text)
    return key.isascii() and key.isdecimal() and len(key) <= DIGITS and not (key[0] == "0" and key != "0")
