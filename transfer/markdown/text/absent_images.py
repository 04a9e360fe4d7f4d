"""Replaces images that the import cannot store by their alt text, because readers would see a broken image."""

import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from urllib.parse import unquote

from transfer.markdown.source import code
from transfer.markdown.text.links import normal_label

_BRACKETS = r"(?:[^\[\]\\]|\\.|\[(?:[^\[\]\\]|\\.)*+\])*+"  # text with at most one level of brackets inside
_TITLE = r"""[ \t\n]+(?:"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+'|\((?:[^()\\]|\\.)*+\))"""
_IMAGE = re.compile(
    rf"(?<!\\)!\[(?P<text>{_BRACKETS})\]"
    r"(?:\([ \t\n]*+(?:<(?P<pointed>[^<>\n]*+)>|(?P<bare>[^\s()<>]*+(?:\([^\s()<>]*+\)[^\s()<>]*+)*+))"
    rf"(?:{_TITLE})?[ \t\n]*\)|\[(?P<label>[^\[\]\n]*+)\])?"
    r"(?P<attributes>\{[^{}\n]*+\})?",
    re.DOTALL,
)
_ELEMENT = re.compile(r"""<img\b(?:[^<>"']|"[^"<]*+"|'[^'<]*+')*+>""", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    r"""(?<=[\s"'])(?P<name>src|alt)\s*+=\s*+(?:"(?P<double>[^"]*+)"|'(?P<single>[^']*+)'|(?P<bare>[^\s"'>]++))""",
    re.IGNORECASE,
)
_DEFINITION = re.compile(r"^ {0,3}\[(?P<label>[^\]\n]++)\]:[ \t]*+<?(?P<address>[^\s<>]++)", re.MULTILINE)
_ANCHOR = re.compile(r"<a\b[^<>]*>\s*\Z", re.IGNORECASE)
_END_OF_ANCHOR = re.compile(r"\s*</a>", re.IGNORECASE)
_LOOK_BACK = 500  # characters of an opening tag of a link


def with_alt_texts(text: str, is_absent: Callable[[str], bool]) -> str:
    """The text with the alt text in place of each image whose address `is_absent`. Images in code stay."""
    written: list[str] = []
    position = 0
    for begin, end, address, alt in sorted([*_images(text), *_elements(text)]):
        if begin >= position and is_absent(address):
            written += text[position:begin], alt.strip() or _name_in_link(text, begin, end, address)
            position = end
    return "".join(written) + text[position:]


def _name_in_link(text: str, begin: int, end: int, address: str) -> str:
    """The name of the file if a link contains nothing but the image, because a link needs words. Otherwise empty."""
    before, after = text[max(0, begin - _LOOK_BACK) : begin], text[end : end + _LOOK_BACK]
    in_markdown = before.endswith("[") and after.startswith("]")
    in_html = _END_OF_ANCHOR.match(after) and _ANCHOR.search(before)
    return PurePosixPath(unquote(address).partition("?")[0]).name if in_markdown or in_html else ""


def _images(text: str) -> Iterator[tuple[int, int, str, str]]:
    """Position, end, address and alt text of each image in Markdown."""
    definitions: dict[str, str] = {}
    for definition in code.matches(_DEFINITION, text):
        definitions.setdefault(normal_label(definition["label"]), definition["address"])
    for image in code.matches(_IMAGE, text):
        address = image["pointed"] if image["pointed"] is not None else image["bare"]
        if address is None:
            address = definitions.get(normal_label(image["label"] or image["text"]))
        if address is not None:
            yield *image.span(), address, image["text"]


def _elements(text: str) -> Iterator[tuple[int, int, str, str]]:
    """Position, end, address and alt text of each <img>."""
    for element in code.matches(_ELEMENT, text):
        values = {
            attribute["name"].lower(): attribute["double"] or attribute["single"] or attribute["bare"] or ""
            for attribute in _ATTRIBUTE.finditer(element[0])
        }
        yield *element.span(), values.get("src", ""), values.get("alt", "")
