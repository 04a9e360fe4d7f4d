"""Records which post was created from which imported file."""

from django.contrib.sites.models import Site
from django.db import models

from blogs.models.posts import Post


class ImportedFile(models.Model):
    """Links a file of an archive to the post that was created from it, so that the next import updates this post."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="imported_files")
    path = models.CharField(max_length=500, help_text="The path of the file, relative to the imported folder.")
    post = models.OneToOneField(Post, models.CASCADE, related_name="imported_file")
    digest = models.CharField(
        max_length=64, help_text="Digest of the parsed file. A file with the same digest is unchanged."
    )
    left_as = models.CharField(
        max_length=64,
        help_text="Digest of the post after the import. If it differs from the current digest, the post was edited.",
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "path"], name="file_imported_once_a_site")]

    def __str__(self) -> str:
        return self.path
