"""Images and media files of a site. Each is checked by content, and stored in the site's folder under a random name.

The stored file is a public copy without metadata (lib/public_images.py, lib/media_files/). If the copy of an image
differs from the upload, the upload is kept as well, in the subfolder ORIGINALS. No view serves files of this folder.
"""

import logging
import secrets
import shutil
from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage, default_storage
from django.db import models
from django.db.models.fields.files import FieldFile, ImageFieldFile
from django.http import Http404, HttpRequest, HttpResponseBase

from lib import images, media_files
from lib.byte_ranges import file_response
from lib.images import SUFFIXES, image_format
from lib.public_images import public_copy

logger = logging.getLogger(__name__)

# Cache-Control of a file in the admin: only the browser of this user may store it, for an hour.
PRIVATE_CACHE_CONTROL = "private, max-age=3600"

ORIGINALS = "originals"
_CONTENT_TYPES = images.CONTENT_TYPES | media_files.CONTENT_TYPES


class SiteImageFile(ImageFieldFile):
    def save(self, name: str, content: "File[bytes]", save: bool = True) -> None:
        """Store the public copy under a random name with the suffix of its format, and the original if it differs."""
        accepted = image_format(content)
        content.seek(0)
        original = content.read()
        public = public_copy(original, accepted)
        name = f"{secrets.token_hex(16)}{SUFFIXES[public.format]}"
        # Django measures only a file that has a name.
        super().save(name, ContentFile(public.content, name), save)
        if public.content != original:
            self.storage.save(original_name(str(self.name)), ContentFile(original))


def original_name(name: str) -> str:
    """The name in the storage of the original of the public image with this name. It has no suffix."""
    path = Path(name)
    return str(path.parent / ORIGINALS / path.stem)


def delete_file(storage: Storage, name: str) -> None:
    """Delete a public file and its original, if it has one."""
    storage.delete(name)
    storage.delete(original_name(name))


def copy_file(storage: Storage, name: str, site_id: int) -> str:
    """Copy a public file and its original to the folder of another site. Returns the name of the public file."""
    with storage.open(name, "rb") as file:
        copy = storage.save(f"{site_id}/{Path(name).name}", file)
    if storage.exists(original_name(name)):
        with storage.open(original_name(name), "rb") as file:
            storage.save(original_name(copy), file)
    return copy


def site_folder(instance: models.Model, filename: str) -> str:
    """`upload_to` of every file: the folder of the site that `instance` belongs to."""
    return f"{instance.site_id}/{filename}"  # type: ignore[attr-defined]  # every model with files has a site


def validate_image(file: "File[bytes]") -> None:
    """Refuse in the form each file that `SiteImageFile.save` would refuse."""
    if isinstance(file, ImageFieldFile):
        if not file._committed:  # type: ignore[attr-defined]  # a stored file was checked when it was uploaded
            image_format(file.file)
    else:
        image_format(file)


class SiteImageField(models.ImageField):
    """An image of the site that the row belongs to (`site_id`)."""

    attr_class = SiteImageFile
    default_validators = [validate_image]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("upload_to", site_folder)
        super().__init__(*args, **kwargs)

    def formfield(self, **kwargs: Any) -> forms.Field | None:
        # Django's ImageField for forms accepts every format that Pillow knows, and judges by the file's name.
        # The form validates before the model does, because the model lets Pillow open the file to read its size.
        return super().formfield(**{"form_class": forms.FileField, "validators": [validate_image], **kwargs})


class SiteMediaFile(FieldFile):
    def save(self, name: str, content: "File[bytes]", save: bool = True) -> None:
        """Store the copy without metadata under a random name with the suffix of its type."""
        parsed = media_files.media_format(content, settings.MAX_MEDIA_FILE)
        copy = media_files.public_copy(content, parsed)
        super().save(f"{secrets.token_hex(16)}{parsed.suffix}", copy, save)


def validate_media_file(file: "File[bytes]") -> None:
    """Refuse in the form each file that `SiteMediaFile.save` would refuse."""
    if not isinstance(file, FieldFile):
        media_files.media_format(file, settings.MAX_MEDIA_FILE)
    elif not file._committed:  # type: ignore[attr-defined]  # a stored file was checked when it was uploaded
        media_files.media_format(file.file, settings.MAX_MEDIA_FILE)


class SiteMediaField(models.FileField):
    """Audio, video or captions of the site that the row belongs to (`site_id`)."""

    attr_class = SiteMediaFile
    default_validators = [validate_media_file]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("upload_to", site_folder)
        super().__init__(*args, **kwargs)

    def formfield(self, **kwargs: Any) -> forms.Field | None:
        return super().formfield(**{"validators": [validate_media_file], **kwargs})


def remove_folder(site_id: int) -> None:
    """Delete all files of a deleted site."""
    try:
        shutil.rmtree(default_storage.path(str(site_id)))
    except FileNotFoundError:
        pass  # the site never had a file
    except OSError as error:
        logger.error(
            "The files of the deleted site %s could not be removed. Remove the folder by hand: %s", site_id, error
        )


def media_response(request: HttpRequest, file: FieldFile, cache_control: str) -> HttpResponseBase:
    """The file with its content type, or a part of it. Raises Http404 if the file is missing.

    The name is its entity tag, because no other file ever gets the same name.
    """
    try:
        content = file.open("rb")
        size = file.size
    except FileNotFoundError as error:
        logger.error("A file of the site is missing: %s", error)
        raise Http404("This file is missing.") from error
    path = Path(str(file.name))
    response = file_response(request, content, size, f'"{path.stem}"')
    response["Content-Type"] = _CONTENT_TYPES[path.suffix]
    if response.status_code < 400:
        response["Cache-Control"] = cache_control
    return response
