"""Validates an uploaded image by decoding it. Limits bound the time and memory of decoding."""

import os
import warnings
from typing import IO

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile, File
from PIL import Image, UnidentifiedImageError

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 40_000_000  # The sum over all frames.
MAX_FRAMES = 1_000
MAX_SCANS = 100  # The decoder of a progressive JPEG processes the whole image once per scan. Cameras write about ten.
# Pillow's names of the formats that browsers show. SVG is not one of them, because it can contain scripts.
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


class CheckedImage(ContentFile):  # type: ignore[type-arg]  # at run time it is not generic
    """An image that `image_format` has already decoded. Storing it does not decode it again."""

    def __init__(self, content: bytes, name: str, image_format: str) -> None:
        super().__init__(content, name)
        self.image_format = image_format


def image_format(file: "IO[bytes] | File[bytes]") -> str:
    """Decode the whole image and return Pillow's name of its format. Raises ValidationError for a refused image."""
    if isinstance(file, CheckedImage):
        return file.image_format
    size = file.seek(0, os.SEEK_END)
    if size > MAX_BYTES:
        raise ValidationError(f"The image has {size:,} bytes; at most {MAX_BYTES:,} are allowed. Reduce its size.")
    file.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            # Use only these decoders of Pillow, so that a hostile file cannot exploit a bug in any other decoder. The
            # decoder for JPEG also opens MPO.
            with Image.open(file, formats=sorted(SUFFIXES.keys() - {"MPO"})) as image:
                _refuse_bomb(image, file)
                image.load()
                return str(image.format)
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        raise ValidationError(
            "The file is not an image that can be shown here. Upload a JPEG, PNG, GIF, WebP or AVIF."
        ) from error
    finally:
        file.seek(0)


def _refuse_bomb(image: Image.Image, file: "IO[bytes] | File[bytes]") -> None:
    """Raises ValidationError for a small file that is expensive to decode. Stops at the first exceeded limit."""
    for frames in range(1, MAX_FRAMES + 2):
        if frames > MAX_FRAMES or image.width * image.height * frames > MAX_PIXELS:
            raise ValidationError(
                f"The image has {image.width:,} × {image.height:,} pixels in {frames:,} or more frames; at most"
                f" {MAX_PIXELS:,} pixels in {MAX_FRAMES:,} frames are allowed. Reduce its size."
            )
        try:
            image.seek(frames)
        except EOFError:
            break
    image.seek(0)
    if image.format in ("JPEG", "MPO"):
        position = file.tell()
        file.seek(0)
        scans = file.read().count(b"\xff\xda")
        file.seek(position)
        if scans > MAX_SCANS:
            raise ValidationError(
                f"The JPEG has {scans:,} scans; at most {MAX_SCANS} are allowed. Save it again as a baseline JPEG."
            )
