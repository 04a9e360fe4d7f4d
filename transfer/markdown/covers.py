"""Finds the cover of a post in its front matter. Each generator and theme has its own name for it."""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import NamedTuple
from urllib.parse import urlsplit

from transfer.markdown.fields import Fields, text_in
from transfer.markdown.images import SUFFIXES

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


class Cover(NamedTuple):
    """The address as it is written in the file, and the alt text. The address is empty if the file names no cover."""

    address: str = ""
    alt: str = ""


def cover_of(fields: Fields) -> Cover:
    values = {name: fields.get(name) for name in NAMES}
    alts = {name: [fields.text(f"{name}{ending}") for ending in _ALT_ENDINGS] for name in NAMES}
    for name, value in values.items():
        for item in value if isinstance(value, list) else [value]:
            address = text_in(item, _ADDRESS_KEYS)
            if address and (name in _CERTAIN or _is_image(address)):
                own = text_in(item, _ALT_KEYS) if isinstance(item, Mapping) else ""
                return Cover(address, next(filter(None, [own, *alts[name]]), "") or _any_alt(alts))
    return Cover("", _any_alt(alts))


def _any_alt(alts: Mapping[str, list[str]]) -> str:
    """The alt text of another field: `cover` and `image_alt` occur together."""
    return next((text for texts in alts.values() for text in texts[:2] if text), "")


def _is_image(address: str) -> bool:
    """Whether the address ends like an image, or contains a template tag."""
    try:
        path = urlsplit(address).path
    except ValueError:
        return False
    return PurePosixPath(path).suffix.lower() in SUFFIXES or "{{" in address or "{%" in address
