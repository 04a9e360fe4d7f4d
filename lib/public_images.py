"""Makes the public copy of an uploaded image: without metadata, upright, in a format that browsers show."""

import io
import struct
import warnings
from typing import Any, NamedTuple

from PIL import ExifTags, Image, ImageFile, ImageOps, JpegImagePlugin

from lib.image_containers import CannotCopy, without_metadata
from lib.images import opened

_QUALITY = 90
_ORIENTATION = ExifTags.Base.Orientation
# What Pillow raises for EXIF data that are damaged.
_EXIF_ERRORS = (struct.error, KeyError, OSError, SyntaxError, TypeError, ValueError)


class PublicImage(NamedTuple):
    content: bytes
    format: str  # Pillow's name


def public_copy(content: bytes, image_format: str) -> PublicImage:
    """The image as readers get it. `image_format` has accepted the content and returned this format.

    The pixels are copied as they are, unless the image has to be turned or converted, or is an AVIF with metadata.
    """
    with warnings.catch_warnings(action="ignore"), opened(io.BytesIO(content)) as image:
        if image_format != "HEIF" and not _is_turned(image, content):
            try:
                return PublicImage(without_metadata(content, image_format), image_format)
            except CannotCopy:
                pass
        return _encoded(image, content)


def _is_turned(image: ImageFile.ImageFile, content: bytes) -> bool:
    """Whether the metadata tell viewers to turn or mirror the pixels. Browsers do not do this with animations."""
    if getattr(image, "is_animated", False) and image.format != "MPO":
        return False
    if image.format == "PNG" and b"eXIf" not in content:  # Pillow would decode the pixels to search for it
        return False
    try:
        return image.getexif().get(_ORIENTATION, 1) in range(2, 9)
    except _EXIF_ERRORS:
        return False


def _encoded(image: ImageFile.ImageFile, content: bytes) -> PublicImage:
    icc_profile = image.info.get("icc_profile")
    source_format, options = str(image.format), _options(image, content)
    upright: Image.Image = ImageOps.exif_transpose(image)
    if source_format == "HEIF":
        target = "WEBP" if upright.has_transparency_data else "JPEG"
    else:
        target = "JPEG" if source_format == "MPO" else source_format
    buffer = io.BytesIO()
    upright.save(buffer, target, icc_profile=icc_profile, exif=b"", xmp=b"", **options)
    # Pillow copies some metadata by itself, such as the comment of a JPEG.
    return PublicImage(without_metadata(buffer.getvalue(), target), target)


def _options(image: ImageFile.ImageFile, content: bytes) -> dict[str, Any]:
    """The options for an encoding that loses as little as possible."""
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        # The tables of the original keep its quality and about its size.
        has_full_colours = JpegImagePlugin.get_sampling(image) != 2
        options = {"qtables": image.quantization, "subsampling": 0 if has_full_colours else 2}
        return {**options, "progressive": "progressive" in image.info}
    if image.format == "WEBP" and b"VP8L" in content:
        return {"lossless": True, "exact": True}
    if image.format == "AVIF":
        return {"quality": _QUALITY, "speed": 9}  # eight times as fast as the default
    return {} if image.format == "PNG" else {"quality": _QUALITY}
