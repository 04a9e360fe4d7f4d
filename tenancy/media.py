"""Images of a site: checked by content, stored whole or not at all, in its own folder under a name nobody can guess."""

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
