"""What the importer remembers."""

from django.contrib.sites.models import Site
from django.db import models

from blogs.models.posts import Post


class ImportedFile(models.Model):
    """Which post a file of an archive became, so that importing it again finds the post (blogs/importing)."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="imported_files")
    path = models.CharField(max_length=500, help_text="Below the imported folder.")
    post = models.OneToOneField(Post, models.CASCADE, related_name="imported_file")
    digest = models.CharField(max_length=64, help_text="Of what the file came to; the same again means unchanged.")
    left_as = models.CharField(max_length=64, help_text="Of the post when the import left it; another means edited.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "path"], name="file_imported_once_a_site")]

    def __str__(self) -> str:
        return self.path
