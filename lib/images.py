"""Check an uploaded image by its content, with bounds on what decoding costs."""

import os
import warnings
from typing import IO

from django.core.exceptions import ValidationError
from django.core.files.base import File
from PIL import Image, UnidentifiedImageError

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 40_000_000  # of all frames
MAX_FRAMES = 1_000
MAX_SCANS = 100  # of a progressive JPEG, each of which costs a pass over the whole image; real ones have about ten
# What browsers show and what cannot carry scripts (SVG can), by Pillow's name.
FORMATS = ("AVIF", "GIF", "JPEG", "PNG", "WEBP")
# MPO is how Pillow calls a JPEG that holds several views, as some phones make them.
SUFFIXES = {"AVIF": ".avif", "GIF": ".gif", "JPEG": ".jpg", "MPO": ".jpg", "PNG": ".png", "WEBP": ".webp"}
CONTENT_TYPES = {
    ".avif": "image/avif",
    ".gif": "image/gif",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
}


def image_format(file: "IO[bytes] | File[bytes]") -> str:
    """Pillow's name of the format, after decoding the whole image. Raises ValidationError for what we do not store."""
    size = file.seek(0, os.SEEK_END)
    if size > MAX_BYTES:
        raise ValidationError(f"The image has {size:,} bytes; at most {MAX_BYTES:,} are allowed. Scale it down.")
    file.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            # Only the decoders of what we store: Pillow knows many more, and each one is a way in.
            with Image.open(file, formats=sorted(SUFFIXES.keys() - {"MPO"})) as image:  # JPEG's decoder opens MPO
                _refuse_bomb(image, file)
                image.load()
                return str(image.format)
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        raise ValidationError(
            "The file is no image that can be shown here; upload a JPEG, PNG, GIF, WebP or AVIF."
        ) from error
    finally:
        file.seek(0)


def _refuse_bomb(image: Image.Image, file: "IO[bytes] | File[bytes]") -> None:
    """Raises ValidationError for a small file that is dear to decode, and looks only as far as needed to see that."""
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
            raise ValidationError(f"The JPEG has {scans:,} scans; at most {MAX_SCANS} are allowed. Save it anew.")
