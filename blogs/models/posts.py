"""Posts with their tags and authors."""

import uuid
from typing import Any, NamedTuple, Self

from django.contrib.sites.models import Site
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db import models, transaction
from django.utils import timezone

from blogs import markdown
from blogs.models.files import Image, MediaFile, is_media_file
from blogs.models.on_delete import protect_placed_elsewhere
from blogs.models.slugs import SlugField
from lib.text_fields import LinesField, OneLineField
from tenancy.models import languages

AUTHOR_SLUG_LENGTH = 100
FEED_ID_LENGTH = 500
SUMMARY_LENGTH = 300


class Tag(models.Model):
    """A tag of one site.

    A shared post has a tag with the same slug on each of its sites, and each site chooses the name of its own tag.
    """

    # The index of the unique constraint begins with the site.
    site = models.ForeignKey(Site, models.CASCADE, related_name="tags", db_index=False)
    slug = SlugField(max_length=100, db_index=False)
    name = OneLineField(max_length=100)
    is_copy = models.BooleanField(
        default=False,
        db_default=False,
        editable=False,
        help_text="Created for a post of another site and not edited since. It is deleted when no post uses it.",
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "slug"], name="tag_once_on_a_site")]
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name


class Author(models.Model):
    """A person whom one site names as the author of posts. A link to an account is optional.

    A shared post has an author with the same slug on each of its sites; each site has its own name and biography.
    """

    # The index of the unique constraint begins with the site.
    site = models.ForeignKey(Site, models.CASCADE, related_name="authors", db_index=False)
    slug = SlugField(max_length=AUTHOR_SLUG_LENGTH, db_index=False)
    name = OneLineField(max_length=100)
    bio = LinesField(blank=True, max_length=1000, help_text="Plain text, shown above the author's posts.")
    user = models.ForeignKey("accounts.User", models.SET_NULL, null=True, blank=True, related_name="authors")
    is_copy = models.BooleanField(
        default=False,
        db_default=False,
        editable=False,
        help_text="Created for a post of another site and not edited since. It is deleted when no post uses it.",
    )
    created_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, editable=False, related_name="created_authors"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "slug"], name="author_once_on_a_site"),
            models.UniqueConstraint(
                fields=["site", "user"],
                name="account_once_on_a_site",
                violation_error_message="This account is already linked to another author of the site.",
            ),
        ]
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name


class Shown(NamedTuple):
    """The files that a post shows, as its cover or in its text."""

    images: list[Image]
    media_files: list[MediaFile]


class PostQuerySet(models.QuerySet["Post"]):
    def drafts(self) -> Self:
        """Posts that no site has published or scheduled."""
        return self.exclude(placements__published_at__isnull=False)


class Post(models.Model):
    # The fields that authors write. An import compares them to detect edits.
    CONTENT_FIELDS = ("title", "kind", "language", "excerpt", "body", "cover", "cover_alt", "authors", "tags")

    class Kind(models.TextChoices):
        POST = "post", "Post: appears in lists, archives and feeds"
        PAGE = "page", "Page: appears in no list, like “About”"

    uuid = models.UUIDField(
        default=uuid.uuid4,
        unique=True,
        editable=False,
        help_text="The permanent id of the post, and of its entry in feeds.",
    )
    feed_id = models.CharField(
        max_length=FEED_ID_LENGTH,
        blank=True,
        default="",
        db_default="",
        editable=False,
        help_text="The id of the entry in the feed of the blog from which the post was imported. Feeds keep it.",
    )
    home = models.ForeignKey(
        Site,
        protect_placed_elsewhere,
        related_name="posts",
        help_text="The site that owns the post. Editors of this site may edit the post.",
    )
    sites = models.ManyToManyField(Site, through="Placement", related_name="placed_posts")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.POST)
    # `db_default`, because processes of the previous release insert rows without this column.
    language = models.CharField(
        max_length=10, choices=languages, blank=True, default="", db_default="", help_text="If empty, that of the home."
    )
    title = OneLineField(max_length=200)
    excerpt = LinesField(
        max_length=1000,
        blank=True,
        help_text="One or two sentences for lists and search engines. If empty, the beginning of the text is shown.",
    )
    body = models.TextField(
        blank=True, help_text="Write the text in Markdown.", validators=[MaxLengthValidator(markdown.MAX_LENGTH)]
    )
    body_html = models.TextField(editable=False)
    summary = models.TextField(editable=False, help_text="The excerpt, or the beginning of the text.")
    cover = models.ForeignKey(Image, models.SET_NULL, null=True, blank=True, related_name="covered_posts")
    cover_alt = OneLineField(
        "cover alt text",
        max_length=1000,
        blank=True,
        help_text="Describes the image to readers who cannot see it.",
    )
    images = models.ManyToManyField(Image, editable=False, related_name="posts")
    media_files = models.ManyToManyField(MediaFile, editable=False, related_name="posts")
    # The rows of the home and of every site on which the post is placed. blogs/publishing/ keeps the slugs equal.
    authors = models.ManyToManyField(Author, blank=True, related_name="posts")
    tags = models.ManyToManyField(Tag, blank=True, related_name="posts")
    created_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, editable=False, related_name="created_posts"
    )
    updated_at = models.DateTimeField(
        default=timezone.now, editable=False, help_text="The last change of the title, excerpt or text."
    )
    version = models.PositiveIntegerField(
        default=1,
        editable=False,
        help_text="The number of saved versions. An edit is refused if it is based on an older version.",
    )
    saved_by = models.ForeignKey("accounts.User", models.SET_NULL, null=True, editable=False, related_name="+")
    saved_at = models.DateTimeField(default=timezone.now, editable=False)

    # The HTML in the text that readers do not see. Set by `render`, not stored.
    removed: tuple[markdown.Removal, ...] = ()

    objects = PostQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        """Report a text that cannot be rendered as an error of the field `body`."""
        try:
            markdown.render(self.body, language=self._language())
        except markdown.TooLarge as error:
            raise ValidationError({"body": str(error)}) from error

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store the post, its HTML, its summary and the files of its home that it shows.

        This method renders, and not `blogs/publishing/`, so that the HTML always belongs to the text, even if other
        code saves a post. Public pages never render Markdown. Raises TooLarge.
        """
        shown = self.render()
        is_new = self._state.adding
        with transaction.atomic(savepoint=False):
            super().save(*args, **kwargs)
            if not is_new:
                self.images.set(shown.images)
                self.media_files.set(shown.media_files)
                return
            if shown.images:
                self.images.add(*shown.images)
            if shown.media_files:
                self.media_files.add(*shown.media_files)

    def render(self) -> Shown:
        """Set the HTML, the summary and `removed` of this object. Returns the files shown. Raises TooLarge."""
        shown = self._shown()
        sizes = {file.name: markdown.Size(file.width, file.height) for file in shown.images}
        sizes |= {file.name: markdown.Size(file.width, file.height) for file in shown.media_files if file.width}
        language = self._language()
        self.body_html = markdown.render(self.body, sizes, language)
        self.removed = markdown.removed(self.body, language)
        self.summary = self.excerpt or markdown.plain_text(self.body_html, SUMMARY_LENGTH)
        return shown

    def content(self) -> dict[str, Any]:
        """The stored values of CONTENT_FIELDS, with the key of the cover and the sorted slugs of authors and tags."""
        related = [field.name for field in self._meta.many_to_many if field.name in self.CONTENT_FIELDS]
        own = [name for name in self.CONTENT_FIELDS if name not in related]
        at_home = {name: getattr(self, name).filter(site=self.home_id) for name in related}
        slugs = {name: sorted(rows.values_list("slug", flat=True)) for name, rows in at_home.items()}
        return {**Post.objects.values(*own).get(pk=self.pk), **slugs}

    def _language(self) -> str:
        """The language of the text, or "" if neither the post nor its home has one."""
        settings = getattr(self.home, "settings", None) if self.home_id else None
        return self.language or (settings.language if settings else "")

    def _shown(self) -> Shown:
        names = markdown.media_names(self.body, self._language())
        media_names = set(filter(is_media_file, names))
        images, media_files = list[Image](), list[MediaFile]()
        if names - media_names or self.cover_id is not None:
            is_shown = models.Q(name__in=names - media_names) | models.Q(pk=self.cover_id)
            images = list(Image.objects.filter(is_shown, site=self.home_id))
        if media_names:
            media_files = list(MediaFile.objects.filter(name__in=media_names, site=self.home_id))
        return Shown(images, media_files)
