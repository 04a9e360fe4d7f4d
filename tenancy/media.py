"""Images of a site. The content of each is checked, and it is stored in the site's folder under a random name.

The stored file is a public copy without metadata (lib/public_images.py). If it differs from the upload, the upload is
kept as well, in the subfolder ORIGINALS. No view serves files of this folder.
"""

import logging
import secrets
import shutil
from pathlib import Path
from typing import Any

from django import forms
from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage, default_storage
from django.db import models
from django.db.models.fields.files import ImageFieldFile
from django.http import FileResponse, Http404

from lib.images import CONTENT_TYPES, SUFFIXES, image_format
from lib.public_images import public_copy

logger = logging.getLogger(__name__)

# Cache-Control of an image in the admin: only the browser of this user may store it, for an hour.
PRIVATE_CACHE_CONTROL = "private, max-age=3600"

ORIGINALS = "originals"


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


def delete_image(storage: Storage, name: str) -> None:
    """Delete a public image and its original."""
    storage.delete(name)
    storage.delete(original_name(name))


def copy_image(storage: Storage, name: str, site_id: int) -> str:
    """Copy a public image and its original to the folder of another site. Returns the name of the public image."""
    with storage.open(name, "rb") as file:
        copy = storage.save(f"{site_id}/{Path(name).name}", file)
    if storage.exists(original_name(name)):
        with storage.open(original_name(name), "rb") as file:
            storage.save(original_name(copy), file)
    return copy


def site_folder(instance: models.Model, filename: str) -> str:
    """`upload_to` of every image: the folder of the site that `instance` belongs to."""
    return f"{instance.site_id}/{filename}"  # type: ignore[attr-defined]  # every model with images has a site


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


def remove_folder(site_id: int) -> None:
    """Delete all files of a deleted site."""
    try:
        shutil.rmtree(default_storage.path(str(site_id)))
    except FileNotFoundError:
        pass  # the site never had an image
    except OSError as error:
        logger.error(
            "The files of the deleted site %s could not be removed. Remove the folder by hand: %s", site_id, error
        )


def image_response(file: ImageFieldFile, cache_control: str) -> FileResponse:
    """The image with its content type. Raises Http404 if the file is missing."""
    try:
        content = file.open("rb")
    except FileNotFoundError as error:
        logger.error("The file of an image is missing: %s", error)
        raise Http404("The file of this image is missing.") from error
    response = FileResponse(content, content_type=CONTENT_TYPES[Path(str(file.name)).suffix])
    response["Cache-Control"] = cache_control
    return response
