"""Records which post was created from which imported file."""

from typing import Self

from django.contrib.sites.models import Site
from django.db import models

from blogs.models.posts import Post


class ImportedFileQuerySet(models.QuerySet["ImportedFile"]):
    def of(self, site: Site) -> Self:
        """The files of the site, with `slug` and `published_at` of the placement there, or None if it has none."""
        at_home = models.FilteredRelation("post__placements", condition=models.Q(post__placements__site=site))
        placed = self.filter(site=site).annotate(placement=at_home)
        return placed.annotate(slug=models.F("placement__slug"), published_at=models.F("placement__published_at"))


class ImportedFile(models.Model):
    """Links a file of an archive to the post that was created from it, so that the next import updates this post."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="imported_files")
    path = models.CharField(max_length=500, help_text="The path of the file, relative to the imported folder.")
    post = models.OneToOneField(Post, models.CASCADE, related_name="imported_file")
    digest = models.CharField(
        max_length=64, help_text="Digest of the parsed file. A file with the same digest is unchanged."
    )
    source = models.CharField(
        max_length=64, help_text="Digest of the text of the file. A file that was moved is recognised by it."
    )
    left_as = models.CharField(
        max_length=64,
        help_text="Digest of the post after the import. If it differs from the current digest, the post was edited.",
    )

    objects = ImportedFileQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "path"], name="file_imported_once_a_site")]

    def __str__(self) -> str:
        return self.path
