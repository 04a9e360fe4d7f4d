"""The quotation marks that rendering adds, by language.

Quotation marks follow the Unicode CLDR, except that inner marks in French are “ ”. A language that is not in `QUOTES`
keeps straight quotes: Japanese text uses 「」 for speech only.
"""

from typing import NamedTuple

from lib.languages import longest_known


class Quotes(NamedTuple):
    opening: str
    closing: str
    inner_opening: str
    inner_closing: str


QUOTES = {
    "ar": Quotes("«", "»", "‹", "›"),  # Browsers mirror these in text from right to left.
    "cs": Quotes("„", "“", "‚", "‘"),
    "de": Quotes("„", "“", "‚", "‘"),
    "de-ch": Quotes("«", "»", "‹", "›"),
    "el": Quotes("«", "»", "“", "”"),
    "en": Quotes("“", "”", "‘", "’"),
    "es": Quotes("«", "»", "“", "”"),
    "fi": Quotes("”", "”", "’", "’"),
    "fr": Quotes("«\u202f", "\u202f»", "“", "”"),
    "it": Quotes("«", "»", "“", "”"),
    "ko": Quotes("“", "”", "‘", "’"),
    "nl": Quotes("“", "”", "‘", "’"),
    "pl": Quotes("„", "”", "«", "»"),
    "pt": Quotes("“", "”", "‘", "’"),
    "ru": Quotes("«", "»", "„", "“"),
    "sv": Quotes("”", "”", "’", "’"),
    "tr": Quotes("“", "”", "‘", "’"),
    "uk": Quotes("«", "»", "„", "“"),
    "zh": Quotes("“", "”", "‘", "’"),
}

# French puts a narrow no-break space before these marks. In Canada only some have one.
SPACED_MARKS = {"fr": ";:!?»", "fr-ca": ":»"}


def quotes_of(language: str) -> Quotes | None:
    return QUOTES.get(longest_known(language, QUOTES))


def spaced_marks_of(language: str) -> str:
    """The marks that have a narrow no-break space before them, or ""."""
    return SPACED_MARKS.get(longest_known(language, SPACED_MARKS), "")
