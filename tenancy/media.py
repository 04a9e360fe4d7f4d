"""Images of a site: checked by content, stored whole or not at all, in its own folder under a name nobody can guess."""

import logging
import os
import secrets
import shutil
import warnings
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import models
from django.db.models.fields.files import ImageFieldFile
from django.http import FileResponse, Http404
from PIL import Image, UnidentifiedImageError

logger = logging.getLogger(__name__)

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


# Cache-Control of an image for somebody who is logged in: only their own browser may keep it, and not for long.
FOR_ONE_READER = "private, max-age=3600"


class SiteImageFile(ImageFieldFile):
    def save(self, name: str, content: "File[bytes]", save: bool = True) -> None:
        """Store under a secret name. The suffix follows from the content, never from what the upload was called."""
        suffix = SUFFIXES[image_format(content)]
        super().save(f"{secrets.token_hex(16)}{suffix}", content, save)


def site_folder(instance: models.Model, filename: str) -> str:
    """`upload_to` of every image: the folder of the site that `instance` belongs to."""
    return f"{instance.site_id}/{filename}"  # type: ignore[attr-defined]  # every model with images has a site


def validate_image(file: "File[bytes]") -> None:
    """Tells the form what `SiteImageFile.save` would refuse."""
    if not getattr(file, "_committed", False):  # what is stored was checked before
        image_format(file)


class SiteImageField(models.ImageField):
    """An image of the site that the row belongs to (`site_id`)."""

    attr_class = SiteImageFile
    default_validators = [validate_image]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("upload_to", site_folder)
        super().__init__(*args, **kwargs)

    def formfield(self, **kwargs: Any) -> forms.Field | None:
        # The form field of Django's own would judge by the file's name and by all formats that Pillow knows.
        # It validates before the model does: Pillow must not measure, to fill width and height, what was not checked.
        return super().formfield(**{"form_class": forms.FileField, "validators": [validate_image], **kwargs})


class WholeFileStorage(FileSystemStorage):
    """Files that are there whole or not at all, also when the disk is full or the power goes."""

    def _save(self, name: str, content: "File[bytes]") -> str:
        target = Path(self.path(name))
        target.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=target.parent, prefix=".", delete=False) as aside:
            try:
                for chunk in content.chunks():
                    aside.write(chunk)
                aside.flush()
                os.fsync(aside.fileno())
                Path(aside.name).chmod(0o644)
                Path(aside.name).replace(target)
            except BaseException:
                Path(aside.name).unlink(missing_ok=True)
                raise
        return name


def remove_folder(site_id: int) -> None:
    """Delete all files of a site that is no more."""
    try:
        shutil.rmtree(default_storage.path(str(site_id)))
    except FileNotFoundError:
        pass  # it never had an image
    except OSError as error:
        logger.error("The files of the deleted site %s are left over; remove %s", site_id, error)


def image_response(file: ImageFieldFile, cache_control: str) -> FileResponse:
    """The image, of the type that its content was checked to be. Raises Http404 when the file is gone."""
    try:
        content = file.open("rb")
    except FileNotFoundError as error:
        logger.error("The file of an image is gone: %s", error)
        raise Http404("The image's file is gone.") from error
    response = FileResponse(content, content_type=CONTENT_TYPES[Path(str(file.name)).suffix])
    response["Cache-Control"] = cache_control
    return response
