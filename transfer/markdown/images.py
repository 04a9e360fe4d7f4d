"""Finds the images, audio and video that imported posts show. Files outside the folders of the import are not read."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.contrib.sites.models import Site
from django.core.exceptions import ValidationError
from django.core.files.base import File

from blogs import publishing
from blogs.models import Image, MediaFile
from lib import images, media_files
from transfer.markdown.outcomes import Broken
from transfer.markdown.source import files

MEDIA_SUFFIXES = {*media_files.CONTENT_TYPES, ".m4v", ".mov", ".oga", ".opus"}
_ELSEWHERE = {"data", "http", "https"}
_ABOVE = re.compile(r"(?:\.\.?/)++")


class Picture(NamedTuple):
    path: Path
    name: str  # Path relative to the import folder that contains the image.
    digest: str
    format: str  # Pillow's name of the format. Empty if the image was already stored, and for audio and video.

    @property
    def is_media_file(self) -> bool:
        """Whether this is audio, video or captions and not an image."""
        return self.path.suffix.lower() in MEDIA_SUFFIXES


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
    """Whether this can be the address of an image, audio or video within the archive."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    suffix = PurePosixPath(unquote(parts.path)).suffix.lower()
    return not (parts.scheme or parts.netloc) and suffix in files.IMAGE_SUFFIXES | MEDIA_SUFFIXES


class Pictures:
    """The images, audio and video of one site. `folders` are searched in the given order."""

    def __init__(self, site: Site, folders: Iterable[Path]) -> None:
        self.site = site
        self.folders = list(folders)
        # The key is the digest of the file, so that all posts and all imports share one copy of the same file.
        rows = chain[Image | MediaFile](
            Image.objects.filter(site=site).exclude(digest="").order_by("pk"),
            MediaFile.objects.filter(site=site).exclude(digest="").order_by("pk"),
        )
        self.stored: dict[str, Image | MediaFile] = {row.digest: row for row in rows}
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
        picture, size = Picture(path, files.name_below(path, folder), "", ""), path.stat().st_size
        limit = settings.MAX_MEDIA_FILE if picture.is_media_file else images.MAX_BYTES
        if size > limit:
            return Missing(f"has {size:,} bytes; the limit is {limit:,}")
        with path.open("rb") as file:
            picture = picture._replace(digest=_digest(file))
            if picture.digest in self.stored:
                return picture
            try:
                if not picture.is_media_file:
                    return picture._replace(format=images.image_format(file))
                media_files.media_format(file, limit)
            except ValidationError as error:
                return Missing(f"cannot be stored: {' '.join(error.messages)}")
        return picture

    def store(self, picture: Picture) -> Image | MediaFile:
        """Create the row and the file. After the commit the caller must add the row to `stored`."""
        model: type[Image | MediaFile] = MediaFile if picture.is_media_file else Image
        row = model(site=self.site, digest=picture.digest, title=picture.name[-200:])
        # The file is read again, because all files of a post together may not fit into memory.
        with picture.path.open("rb") as file:
            if _digest(file) != picture.digest:
                raise Broken(f"the file {picture.name} was changed during the import; import the folder again")
            if picture.is_media_file:
                row.file = File(file, picture.path.name)
            else:
                row.file = images.CheckedImage(file.read(), picture.path.name, picture.format)
            publishing.create_file(row, by=None)
        return row


def _digest(file: IO[bytes]) -> str:
    """The digest of the whole file, which is read from its beginning again afterwards."""
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    file.seek(0)
    return digest
