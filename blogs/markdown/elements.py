"""Reads and writes single elements of sanitised HTML. nh3 quotes every attribute value and escapes < and > in it."""

import re
from collections.abc import Mapping
from html import unescape
from typing import NamedTuple
from urllib.parse import unquote

from lib.paths import MEDIA_PREFIX

_ATTRIBUTE = re.compile(r' ([a-z-]+)="([^"]*)"')


class Size(NamedTuple):
    """The size of an image or video that the site stores, in pixels."""

    width: int | None
    height: int | None


Sizes = Mapping[str, Size]  # by file name below /media/


def attributes_of(source: str | None) -> dict[str, str]:
    """The attributes in the source of a tag, with escaped values."""
    return dict(_ATTRIBUTE.findall(source or ""))


def tag(name: str, attributes: Mapping[str, str]) -> str:
    return "".join([f"<{name}", *(f' {key}="{value}"' for key, value in attributes.items()), ">"])


def media_name(address: str) -> str:
    """The file name in an attribute value: `a.png` for `/media/a.png?x`. Empty if the URL is not below /media/."""
    path = re.split("[?#]", unescape(address))[0]
    return unquote(path.removeprefix(MEDIA_PREFIX)) if path.startswith(MEDIA_PREFIX) else ""


def size_attributes(address: str, attributes: Mapping[str, str], sizes: Sizes) -> dict[str, str]:
    """The width and height of a stored file, so that the browser reserves space. Empty if the element has its own."""
    size = sizes.get(media_name(address))
    if not size or attributes.keys() & {"width", "height"}:
        return {}
    return {"width": str(size.width), "height": str(size.height)}
