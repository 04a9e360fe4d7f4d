"""The language of a text, from the front matter."""

from lib.languages import supported
from transfer.markdown.fields.moments import AddNote
from transfer.markdown.fields.values import Fields, text_of

_LANGUAGE = ("lang", "language", "locale")


def language_of(fields: Fields, note: AddNote) -> str:
    """A code of LANGUAGES. Empty if the file names no language, or one that Django does not know."""
    name, value = fields.first(_LANGUAGE)
    written = text_of(value)
    language = supported(written)
    if written and not language:
        message = f"the language {written[:50]!r} is not known; the language of the site is used"
        note(message, name, "unknown language")
    return language
