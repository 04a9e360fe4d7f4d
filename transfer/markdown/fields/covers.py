"""Finds the cover of a post in its front matter. Each generator and theme has its own name for it."""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import NamedTuple
from urllib.parse import urlsplit

from transfer.markdown.fields.values import Fields, text_in
from transfer.markdown.source.files import IMAGE_SUFFIXES

# The first field with an image is used. The value is an address, a table with one, or a list of these.
NAMES = (
    "image", "cover", "coverimage", "featuredimage", "heroimage", "hero", "featureimage", "featureimg", "featuredimg",
    "feature", "featured", "images", "banner", "bannerimage", "header", "headerimage", "headerimg", "splash",
    "postimage", "photo", "thumbnail", "thumbnailimage", "thumb", "teaser", "preview", "ogimage", "socialimage",
    "cardimage", "shareimage",
)  # fmt: skip
# Fields that contain nothing but an image, so that their value needs no suffix.
_CERTAIN = {"image", "cover", "coverimage", "featuredimage", "heroimage"}
_ADDRESS_KEYS = (
    "image", "src", "url", "path", "file", "filename", "href", "img", "feature", "overlayimage", "teaser", "thumbnail",
    "cover",
)  # fmt: skip
_ALT_KEYS = ("alt", "alttext", "imagealt", "caption", "description", "title")
_ALT_ENDINGS = ("alt", "alttext", "description", "caption", "figcaption")
_ALT_NAMES = frozenset(f"{name}{ending}" for name in NAMES for ending in _ALT_ENDINGS)
# The alt text may be beside another field: `cover` and `image_alt` occur together.
_ALT_OF_ANY = tuple(f"{name}{ending}" for name in NAMES for ending in _ALT_ENDINGS[:2])


class Cover(NamedTuple):
    """The address as it is written in the file, and the alt text. The address is empty if the file names no cover."""

    address: str = ""
    alt: str = ""


def cover_of(fields: Fields) -> Cover:
    fields.count_as_understood(_ALT_NAMES)
    for name, value in [(name, fields.get(name)) for name in NAMES]:
        for item in value if isinstance(value, list) else [value]:
            address = text_in(item, _ADDRESS_KEYS)
            if address and (name in _CERTAIN or _is_image(address)):
                own = text_in(item, _ALT_KEYS) if isinstance(item, Mapping) else ""
                beside = fields.text(*(f"{name}{ending}" for ending in _ALT_ENDINGS))
                return Cover(address, own or beside or fields.text(*_ALT_OF_ANY))
    return Cover("", fields.text(*_ALT_OF_ANY))


def _is_image(address: str) -> bool:
    """Whether the address ends like an image, or contains a template tag."""
    try:
        path = urlsplit(address).path
    except ValueError:
        return False
    return PurePosixPath(path).suffix.lower() in IMAGE_SUFFIXES or "{{" in address or "{%" in address
