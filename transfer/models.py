"""Records of imported files."""

from django.contrib.sites.models import Site
from django.db import models

from blogs.models.posts import Post


class ImportedFile(models.Model):
    """The post that a file of an archive became. A second import finds the post by it."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="imported_files")
    path = models.CharField(max_length=500, help_text="Relative to the imported folder.")
    post = models.OneToOneField(Post, models.CASCADE, related_name="imported_file")
    digest = models.CharField(
        max_length=64, help_text="Digest of the parsed file. A file with the same digest is unchanged."
    )
    left_as = models.CharField(
        max_length=64, help_text="Digest of the post after the import. A post with another digest was edited since."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "path"], name="file_imported_once_a_site")]

    def __str__(self) -> str:
        return self.path
