"""Convert Markdown to sanitised HTML."""

from blogs.markdown.cards import is_player
from blogs.markdown.document import MAX_HTML, media_names, plain_text, removed, render
from blogs.markdown.elements import Size
from blogs.markdown.limits import MAX_LENGTH, TooLarge
from blogs.markdown.removals import Removal
from blogs.markdown.sanitise import SCHEMES

__all__ = [
    "MAX_HTML",
    "MAX_LENGTH",
    "SCHEMES",
    "Removal",
    "Size",
    "TooLarge",
    "is_player",
    "media_names",
    "plain_text",
    "removed",
    "render",
]
