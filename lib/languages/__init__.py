"""The languages of readers: the words that pages add to the texts of authors, and the codes of languages.

`dates.py` is imported by itself, because the data of the CLDR take longer to load than the rest.
"""

from lib.languages.codes import (
    NO_ATTRIBUTES,
    attributes,
    attributes_if_other,
    is_right_to_left,
    longest_known,
    supported,
    with_territory,
)
from lib.languages.words import Words, html_words, is_fallback, words_of

__all__ = [
    "NO_ATTRIBUTES",
    "Words",
    "attributes",
    "attributes_if_other",
    "html_words",
    "is_fallback",
    "is_right_to_left",
    "longest_known",
    "supported",
    "with_territory",
    "words_of",
]
