"""Images of a site. The content of each is checked, and it is stored in the site's folder under a random name."""

import logging
import secrets
import shutil
from pathlib import Path
from typing import Any

from django import forms
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import models
from django.db.models.fields.files import ImageFieldFile
from django.http import FileResponse, Http404

from lib.images import CONTENT_TYPES, SUFFIXES, image_format

logger = logging.getLogger(__name__)

# Cache-Control of an image in the admin: only the browser of this user may store it, for an hour.
PRIVATE_CACHE_CONTROL = "private, max-age=3600"


class SiteImageFile(ImageFieldFile):
    def save(self, name: str, content: "File[bytes]", save: bool = True) -> None:
        """Store the file under a random name. Its suffix depends on the content, not on the name of the upload."""
        suffix = SUFFIXES[image_format(content)]
        super().save(f"{secrets.token_hex(16)}{suffix}", content, save)


def site_folder(instance: models.Model, filename: str) -> str:
    """`upload_to` of every image: the folder of the site that `instance` belongs to."""
    return f"{instance.site_id}/{filename}"  # type: ignore[attr-defined]  # every model with images has a site


def validate_image(file: "File[bytes]") -> None:
    """Refuse in the form each file that `SiteImageFile.save` would refuse."""
    if not getattr(file, "_committed", False):  # a stored file was checked when it was uploaded
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
