"""Validates an uploaded image by decoding it. Limits bound the time and memory of decoding."""

import os
import re
import warnings
from typing import IO

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile, File
from PIL import Image, ImageFile, UnidentifiedImageError

from lib.image_containers import CannotCopy, without_metadata

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 40_000_000  # of one frame: decoding takes four bytes of memory for each
MAX_FRAMES = 1_000
MAX_DECODED_PIXELS = 100_000_000  # of all frames of an animation: decoding them takes about two seconds
MAX_SCANS = 100  # The decoder of a progressive JPEG processes the whole image once per scan. Cameras write about ten.
# Pillow's names of the formats that browsers show.
FORMATS = ("AVIF", "GIF", "JPEG", "PNG", "WEBP")
# MPO is Pillow's name for a JPEG with several views. Some phones write this format.
SUFFIXES = {"AVIF": ".avif", "GIF": ".gif", "JPEG": ".jpg", "MPO": ".jpg", "PNG": ".png", "WEBP": ".webp"}
CONTENT_TYPES = {
    ".avif": "image/avif",
    ".gif": "image/gif",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
}
# The brands of files that pi-heif opens. `mif1` can also be the first brand of an AVIF.
_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")
_HEIF_MODES = ("L", "LA", "RGB", "RGBA")  # JPEG or WebP can store them
_SVG = re.compile(rb"\s*(?:<\?xml|<!--|<!DOCTYPE svg|<svg)")

# What Pillow and pi-heif raise for files that they cannot decode.
DECODING_ERRORS = (UnidentifiedImageError, OSError, EOFError, RuntimeError, SyntaxError, ValueError)


class CheckedImage(ContentFile):  # type: ignore[type-arg]  # at run time it is not generic
    """An image that `image_format` has already decoded. Storing it does not decode it again."""

    def __init__(self, content: bytes, name: str, image_format: str) -> None:
        super().__init__(content, name)
        self.image_format = image_format


def image_format(file: "IO[bytes] | File[bytes]") -> str:
    """Decode the whole image and return Pillow's name of its format. Raises ValidationError for a refused image.

    The result is kept at an uploaded file, so that storing the file after its validation does not decode it again.
    """
    if (known := getattr(file, "image_format", None)) is not None:
        return str(known)
    found = _image_format(file)
    if isinstance(file, File):
        setattr(file, "image_format", found)  # noqa: B010  # the class does not declare this attribute
    return found


def _image_format(file: "IO[bytes] | File[bytes]") -> str:
    size = file.seek(0, os.SEEK_END)
    if size > MAX_BYTES:
        raise ValidationError(too_many_bytes(f"{size:,}"))
    file.seek(0)
    try:
        # Pillow warns of many pixels and of damaged metadata.
        with warnings.catch_warnings(action="ignore"), opened(file) as image:
            _refuse_bomb(image, file)
            _decode(image)
            if image.format == "HEIF" and image.mode not in _HEIF_MODES:
                raise ValueError(f"HEIF of the mode {image.mode}")
            if _frames(image) > 1:
                _refuse_stubborn_metadata(image, file)
            return str(image.format)
    except Image.DecompressionBombError as error:
        pixels = re.search(r"[0-9]+", str(error))
        raise ValidationError(
            _too_many_pixels(f"{int(pixels[0]):,} pixels" if pixels else "too many pixels")
        ) from error
    except DECODING_ERRORS as error:
        raise ValidationError(_unreadable(file)) from error
    finally:
        file.seek(0)


def too_many_bytes(size: str) -> str:
    """The message for a file with this number of bytes. The browser fills the number in for a file it does not send."""
    return f"The image has {size} bytes; at most {MAX_BYTES:,} are allowed. Reduce its size."


def opened(file: "IO[bytes] | File[bytes]") -> ImageFile.ImageFile:
    """The image before its pixels are decoded. Raises one of DECODING_ERRORS, and Image.DecompressionBombError."""
    head = file.read(12)
    file.seek(0)
    if head[4:8] == b"ftyp" and head[8:] in _HEIF_BRANDS and b"avif" not in _brands(file):
        # Imported here, because few processes ever need the library. It is not registered with Pillow, so that no
        # other call of Pillow decodes this format.
        from pi_heif import HeifImageFile

        image: ImageFile.ImageFile = HeifImageFile(file)
        return image
    # Use only these decoders of Pillow, so that a hostile file cannot exploit a bug in any other decoder. The decoder
    # for JPEG also opens MPO.
    return Image.open(file, formats=FORMATS)


def _brands(file: "IO[bytes] | File[bytes]") -> bytes:
    """The brands at the beginning of a HEIF or AVIF file."""
    brands = file.read(int.from_bytes(file.read(4), "big") % 256)
    file.seek(0)
    return brands


def _frames(image: ImageFile.ImageFile) -> int:
    """The number of frames that browsers show. Only the first picture of an MPO or HEIF becomes public."""
    return getattr(image, "n_frames", 1) if image.format in FORMATS else 1


def _refuse_bomb(image: ImageFile.ImageFile, file: "IO[bytes] | File[bytes]") -> None:
    """Raises ValidationError for a file that is expensive to decode. Decodes no pixels."""
    _refuse_large(image)
    frames, size = _frames(image), f"{image.width:,} × {image.height:,}"
    if frames > MAX_FRAMES:
        raise ValidationError(
            f"The animation has {frames:,} frames; at most {MAX_FRAMES:,} are allowed. Remove some of them."
        )
    if (pixels := image.width * image.height * frames) > MAX_DECODED_PIXELS:
        raise ValidationError(
            f"The animation has {frames:,} frames of {size} pixels, {pixels:,} in total; at most"
            f" {MAX_DECODED_PIXELS:,} are allowed. Remove frames, or reduce the width and height."
        )
    if image.format in ("JPEG", "MPO"):
        position = file.tell()
        file.seek(0)
        scans = file.read().count(b"\xff\xda")
        file.seek(position)
        if scans > MAX_SCANS:
            raise ValidationError(
                f"The JPEG has {scans:,} scans; at most {MAX_SCANS} are allowed. Save it again as a baseline JPEG."
            )


def _refuse_large(image: ImageFile.ImageFile) -> None:
    if (pixels := image.width * image.height) > MAX_PIXELS:
        raise ValidationError(_too_many_pixels(f"{image.width:,} × {image.height:,} pixels, {pixels:,} in total"))


def _too_many_pixels(size: str) -> str:
    return f"The image has {size}; at most {MAX_PIXELS:,} are allowed. Reduce its width and height."


def _decode(image: ImageFile.ImageFile) -> None:
    for frame in range(_frames(image)):
        image.seek(frame)
        _refuse_large(image)  # a frame of a GIF can be larger than its header says
        image.load()


def _refuse_stubborn_metadata(image: ImageFile.ImageFile, file: "IO[bytes] | File[bytes]") -> None:
    """Raises ValidationError if only a new encoding removes the metadata: for an animation it would take too long."""
    file.seek(0)
    try:
        without_metadata(file.read(), str(image.format))
    except CannotCopy as error:
        raise ValidationError(
            f"The metadata of this {image.format} animation cannot be removed. Export it without metadata, or as a"
            " WebP."
        ) from error


def _unreadable(file: "IO[bytes] | File[bytes]") -> str:
    file.seek(0)
    head = file.read(1000)
    if _SVG.match(head) and b"<svg" in head:
        return "An SVG image can contain scripts, so it is not accepted. Export the drawing as a PNG or WebP."
    return "The file is not an image that can be shown here. Upload a JPEG, PNG, GIF, WebP, AVIF or HEIC."
