"""Validate an uploaded image by its content. The cost of decoding is bounded."""

import os
import warnings
from typing import IO

from django.core.exceptions import ValidationError
from django.core.files.base import File
from PIL import Image, UnidentifiedImageError

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 40_000_000  # of all frames
MAX_FRAMES = 1_000
MAX_SCANS = 100  # of a progressive JPEG: each is a pass over the whole image, and cameras and editors write about ten
# By Pillow's name: formats that browsers show and that cannot contain scripts, as SVG can.
FORMATS = ("AVIF", "GIF", "JPEG", "PNG", "WEBP")
# MPO is Pillow's name for a JPEG with several views, as some phones write them.
SUFFIXES = {"AVIF": ".avif", "GIF": ".gif", "JPEG": ".jpg", "MPO": ".jpg", "PNG": ".png", "WEBP": ".webp"}
CONTENT_TYPES = {
    ".avif": "image/avif",
    ".gif": "image/gif",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
}


def image_format(file: "IO[bytes] | File[bytes]") -> str:
    """Pillow's name of the format, after decoding the whole image. Raises ValidationError if it may not be stored."""
    size = file.seek(0, os.SEEK_END)
    if size > MAX_BYTES:
        raise ValidationError(f"The image has {size:,} bytes; at most {MAX_BYTES:,} are allowed. Scale it down.")
    file.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            # Pillow has many more decoders, and each is one more that a hostile file could attack.
            with Image.open(file, formats=sorted(SUFFIXES.keys() - {"MPO"})) as image:  # JPEG's decoder opens MPO
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
    """Raises ValidationError for a small file that is expensive to decode. Reads no further than needed to know."""
    for frames in range(1, MAX_FRAMES + 2):
        if frames > MAX_FRAMES or image.width * image.height * frames > MAX_PIXELS:
            raise ValidationError(
                f"The image has {image.width:,} × {image.height:,} pixels in {frames:,} or more frames; at most"
                f" {MAX_PIXELS:,} pixels in {MAX_FRAMES:,} frames are allowed. Scale it down."
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
