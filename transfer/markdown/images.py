"""Finds the images that imported posts show. Files outside the folders of the import are not read."""

import hashlib
import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from django.contrib.sites.models import Site
from django.core.exceptions import ValidationError

from blogs import publishing
from blogs.models import Image
from lib import images
from transfer.markdown import files
from transfer.markdown.outcomes import Broken

SUFFIXES = {".avif", ".gif", ".heic", ".heif", ".jpeg", ".jpg", ".png", ".svg", ".webp", ".bmp", ".tif", ".tiff"}
_ELSEWHERE = {"data", "http", "https"}
_ABOVE = re.compile(r"(?:\.\.?/)++")


class Picture(NamedTuple):
    path: Path
    name: str  # Path relative to the import folder that contains the image.
    digest: str
    format: str  # Pillow's name of the format. Empty if the image was already stored.


class Missing(Exception):
    """The import cannot store an image that a post shows. The message gives the reason."""


def is_elsewhere(address: str) -> bool:
    """Whether a browser finds the image without the archive. An address such as file:///a.png has no host."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in _ELSEWHERE or bool(parts.netloc and not parts.scheme)


def is_local_image(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return not (parts.scheme or parts.netloc) and PurePosixPath(unquote(parts.path)).suffix.lower() in SUFFIXES


class Pictures:
    """The images of one site. `folders` are searched in the given order."""

    def __init__(self, site: Site, folders: Iterable[Path]) -> None:
        self.site = site
        self.folders = list(folders)
        # The key is the digest of the image, so that all posts and all imports share one copy of the same image.
        self.stored: dict[str, Image] = {
            image.digest: image for image in Image.objects.filter(site=site).exclude(digest="").order_by("pk")
        }
        self._examined: dict[Path, Picture | Missing] = {}

    def find(self, address: str, document: Path) -> Picture:
        """The image at `address`, as referenced by the Markdown file `document`. Raises Missing."""
        path = unquote(urlsplit(address).path)
        outside = False
        for candidate, folder in self._candidates(path, document):
            try:
                if files.is_inside(candidate, folder):
                    return self._examine(candidate, folder)
                outside = outside or candidate.is_file()
            except (OSError, ValueError):  # The address is too long for a path or contains a NUL character.
                continue
        raise Missing("is outside the imported folders" if outside else "is missing")

    def _candidates(self, path: str, document: Path) -> Iterator[tuple[Path, Path]]:
        # @/ and ~/ stand for the folder of the sources in projects with a bundler.
        relative = path.removeprefix("@").removeprefix("~").lstrip("/")
        # On the old site, the folder of the page may have been deeper than that of its file.
        from_root = _ABOVE.sub("", relative)
        for folder in self.folders:
            if not path.startswith("/") and document.is_relative_to(folder):
                yield document.parent / relative, folder
                yield document.with_suffix("") / relative, folder  # the asset folder of a post in Hexo
            yield folder / relative, folder
            yield folder / from_root, folder
            # The first part of the address can be the folder of --media itself.
            if relative.startswith(f"{folder.name}/"):
                yield folder / relative.removeprefix(f"{folder.name}/"), folder

    def _examine(self, path: Path, folder: Path) -> Picture:
        real = path.resolve()
        if real not in self._examined:
            self._examined[real] = self._examined_now(real, folder.resolve())
        examined = self._examined[real]
        if isinstance(examined, Missing):
            raise Missing(*examined.args)
        return examined

    def _examined_now(self, path: Path, folder: Path) -> Picture | Missing:
        size = path.stat().st_size
        if size > images.MAX_BYTES:
            return Missing(f"has {size:,} bytes; the limit is {images.MAX_BYTES:,}")
        content = path.read_bytes()
        digest, image_format = _digest(content), ""
        if digest not in self.stored:
            try:
                image_format = images.image_format(io.BytesIO(content))
            except ValidationError as error:
                return Missing(f"cannot be stored: {' '.join(error.messages)}")
        return Picture(path, files.name_below(path, folder), digest, image_format)

    def store(self, picture: Picture) -> Image:
        """Create the row and the file of the image. After the commit the caller must add the image to `stored`."""
        # The file is read again, because all images of a post together may not fit into memory.
        content = picture.path.read_bytes()
        if _digest(content) != picture.digest:
            raise Broken(f"the image {picture.name} was changed during the import; import the folder again")
        image = Image(site=self.site, digest=picture.digest, title=picture.name[-200:])
        image.file = images.CheckedImage(content, picture.path.name, picture.format)
        publishing.create_file(image, by=None)
        return image


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
