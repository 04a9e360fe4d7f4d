"""Convert Markdown to sanitised HTML."""

from blogs.markdown.document import MAX_HTML, MAX_LENGTH, ImageSize, media_names, plain_text, render
from blogs.markdown.rules import TooLarge

__all__ = ["MAX_HTML", "MAX_LENGTH", "ImageSize", "TooLarge", "media_names", "plain_text", "render"]
