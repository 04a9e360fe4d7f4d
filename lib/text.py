"""Text that clients and other servers choose."""


def printable(text: str, max_length: int) -> str:
    """The first characters of `text`, with "?" in place of unprintable ones, such as line breaks and NUL."""
    return "".join(character if character.isprintable() else "?" for character in text[:max_length])
