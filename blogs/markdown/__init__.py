"""Convert Markdown to sanitised HTML."""

from blogs.markdown.document import MAX_HTML, ImageSize, media_names, plain_text, render
from blogs.markdown.limits import MAX_LENGTH, TooLarge

__all__ = ["MAX_HTML", "MAX_LENGTH", "ImageSize", "TooLarge", "media_names", "plain_text", "render"]
