"""Files that posts show: images, and media files, which are audio, video and captions."""

from pathlib import PurePosixPath
from typing import Any

from django.conf import settings
from django.contrib.sites.models import Site
from django.db import models, transaction
from django.utils import timezone

from blogs.paths import public_path
from lib import media_files
from lib.text_fields import OneLineField
from tenancy.media import SiteImageField, SiteMediaField


class SiteFile(models.Model):
    """A file of a site. Its address on each site that shows it is /media/<name>."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="%(class)ss")
    file: Any
    name = models.CharField(
        max_length=50, unique=True, editable=False, help_text="The last part of the address of the file."
    )
    title = OneLineField(
        max_length=200,
        blank=True,
        help_text="For the search in this admin, and as the alt text in the Markdown to paste.",
    )
    uploaded_at = models.DateTimeField(default=timezone.now, editable=False)
    digest = models.CharField(
        max_length=64,
        blank=True,
        editable=False,
        help_text="SHA-256 of an imported file. A site stores each file once.",
    )

    class Meta:
        abstract = True
        ordering = ["-uploaded_at", "-pk"]

    def __str__(self) -> str:
        return self.title or self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store the file of a new row. The file never changes later: browsers cache it without revalidation."""
        with transaction.atomic():  # so that the storage removes the file if the row cannot be stored
            if self._state.adding:
                self.file.save(str(self.file.name), self.file.file, save=False)
                self.name = str(self.file.name).rpartition("/")[2]
            super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return public_path("media", self.name)


class Image(SiteFile):
    """An image that posts show as their cover or in their text."""

    file = SiteImageField(width_field="width", height_field="height")
    width = models.PositiveIntegerField(editable=False)
    height = models.PositiveIntegerField(editable=False)


class MediaFile(SiteFile):
    """Audio, video or captions that posts show in their text."""

    file = SiteMediaField()
    # Of a video, in pixels. None if the file does not say it.
    width = models.PositiveIntegerField(editable=False, null=True)
    height = models.PositiveIntegerField(editable=False, null=True)

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self._state.adding:
            parsed = media_files.media_format(self.file.file, settings.MAX_MEDIA_FILE)
            self.width, self.height = parsed.width, parsed.height
        super().save(*args, **kwargs)

    @property
    def kind(self) -> str:
        """`video`, `audio` or `captions`."""
        return media_files.kind_of(PurePosixPath(self.name).suffix)


def is_media_file(name: str) -> bool:
    """Whether a file with this name is a media file and not an image."""
    return PurePosixPath(name).suffix in media_files.CONTENT_TYPES
