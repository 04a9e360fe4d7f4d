"""Finds the title of a post: a field, a heading of the text, or the name of the file."""

import re

from transfer.markdown.fields import plain_text
from transfer.markdown.fields.values import Fields
from transfer.markdown.source import code
from transfer.markdown.source.tag_syntax import TOKEN

_HEADING = re.compile(r"^ {0,3}(?P<level>#{1,6})[ \t](?P<title>[^\n]*)\n?", re.MULTILINE)
_MAIN_HEADING = re.compile(r"^ {0,3}#[ \t](?P<title>[^\n]*)", re.MULTILINE)
# Comments and imports of MDX, which readers do not see.
_INVISIBLE = re.compile(
    r"(?:\s++|<!--(?:(?!-->).)*+-->|\{/\*(?:(?!\*/).)*+\*/\}|import[ \t][^\n\"']*+[\"'][^\"'\n]*+[\"'];?(?=\s))*+",
    re.DOTALL,
)
_CODE = re.compile(r"(?<!`)(`{1,3})(?!`)(?P<code>[^`]+)\1(?!`)")
_SIMPLE = str.maketrans({"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "…": "...", "`": None})


def title_of(fields: Fields, body: str, stem: str) -> tuple[str, str]:
    """The title, and the body. If the first heading of the body repeats the title, it is removed."""
    title = _without_code_marks(plain_text.of_html(fields.text("title")))
    heading = code.search(_HEADING, body)
    if heading and not _INVISIBLE.fullmatch(body, 0, heading.start()):  # It does not lead the text.
        heading = None
    words = _heading_text(heading) if heading else ""
    if not (title or (heading and heading["level"] == "#")):
        title = _without_code_marks(plain_text.of_html(fields.text_of_ending("title", but="subtitle")))
    if heading and (not title or _simple(title) == _simple(words)):
        # Empty lines replace the heading, so that the line numbers in notes stay correct.
        body = "\n" * heading[0].count("\n") + body[heading.end() :]
    return title or words or _first_main_heading(body) or _from_name(stem), body


def _first_main_heading(body: str) -> str:
    heading = code.search(_MAIN_HEADING, body)
    return _heading_text(heading) if heading else ""


def _from_name(stem: str) -> str:
    return stem.replace("-", " ").replace("_", " ").strip().capitalize()


def _heading_text(heading: re.Match[str]) -> str:
    """The words of a heading of Markdown as plain text, without template tags and attribute lists."""
    text = heading["title"].rstrip(" \t#")
    inside = code.membership(text)
    return plain_text.of_markdown(TOKEN.sub(lambda tag: tag[0] if inside(tag.start()) else "", text))


def _without_code_marks(title: str) -> str:
    """The title without the backticks around code, which a title shows as they are."""
    return _CODE.sub(lambda found: found["code"].strip(), title[:1000])


def _simple(title: str) -> str:
    """A title with simple quotes and dashes, to compare a field with a heading, which gets typographic ones."""
    return " ".join(title.translate(_SIMPLE).casefold().split())
