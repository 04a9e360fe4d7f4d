"""Posts, and what they are made of."""

import uuid
from typing import Any, Self

from django.contrib.sites.models import Site
from django.core.validators import MaxLengthValidator
from django.db import models, transaction
from django.utils import timezone

from blogs import markdown
from blogs.models.on_delete import protect_placed_elsewhere
from blogs.paths import public_path
from tenancy.media import SiteImageField

SUMMARY_LENGTH = 300


class Tag(models.Model):
    """Shared by all sites, by slug: two sites that write about Python mean the same tag."""

    slug = models.SlugField(max_length=100, unique=True)
    name = models.CharField(max_length=100)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return public_path("tag", self.slug)


class Author(models.Model):
    """Who wrote a post. Need not have an account."""

    slug = models.SlugField(max_length=100, unique=True)
    name = models.CharField(max_length=100)
    bio = models.TextField(blank=True, max_length=1000, help_text="Plain text, shown above the author's posts.")
    user = models.OneToOneField("accounts.User", models.SET_NULL, null=True, blank=True, related_name="author")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return public_path("author", self.slug)


class Image(models.Model):
    """An image that posts of its site show, as their cover or in their text at /media/<name>."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="images")
    file = SiteImageField(width_field="width", height_field="height")
    name = models.CharField(max_length=50, unique=True, editable=False, help_text="The last part of its address.")
    title = models.CharField(max_length=200, blank=True, help_text="What you find it by; readers do not see it.")
    width = models.PositiveIntegerField(editable=False)
    height = models.PositiveIntegerField(editable=False)
    uploaded_at = models.DateTimeField(default=timezone.now, editable=False)
    digest = models.CharField(
        max_length=64, blank=True, editable=False, help_text="SHA-256 of an imported file: it is stored once a site."
    )

    class Meta:
        ordering = ["-uploaded_at", "-pk"]

    def __str__(self) -> str:
        return self.title or self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """The file of an image never changes: its name promises that to caches."""
        if self._state.adding:
            self.file.save(str(self.file.name), self.file.file, save=False)
            self.name = str(self.file.name).rpartition("/")[2]
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return public_path("media", self.name)


class PostQuerySet(models.QuerySet["Post"]):
    def drafts(self) -> Self:
        """Published nowhere, and not scheduled either."""
        return self.exclude(placements__published_at__isnull=False)


class Post(models.Model):
    class Kind(models.TextChoices):
        POST = "post", "Post: stands in lists, archives and feeds"
        PAGE = "page", "Page: stands by itself, like “About”"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, help_text="Names the post in feeds.")
    home = models.ForeignKey(
        Site,
        protect_placed_elsewhere,
        related_name="posts",
        help_text="The site that owns the post; its editors edit it.",
    )
    sites = models.ManyToManyField(Site, through="Placement", related_name="placed_posts")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.POST)
    title = models.CharField(max_length=200)
    excerpt = models.TextField(
        max_length=1000,
        blank=True,
        help_text="One or two sentences for lists and search engines. Left empty: the text's begin.",
    )
    body = models.TextField(blank=True, help_text="Markdown.", validators=[MaxLengthValidator(markdown.MAX_LENGTH)])
    body_html = models.TextField(editable=False)
    summary = models.TextField(editable=False, help_text="The excerpt, or the begin of the text.")
    cover = models.ForeignKey(Image, models.SET_NULL, null=True, blank=True, related_name="covered_posts")
    cover_alt = models.CharField(
        "cover, in words", max_length=1000, blank=True, help_text="For who cannot see the image."
    )
    images = models.ManyToManyField(Image, editable=False, related_name="posts")
    authors = models.ManyToManyField(Author, blank=True, related_name="posts")
    tags = models.ManyToManyField(Tag, blank=True, related_name="posts")
    created_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, editable=False, related_name="created_posts"
    )
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = PostQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Render the body, once and not during requests, and note which images of its home the post shows."""
        shown = {image.name: image for image in self._shown_images()}
        image_sizes = {name: markdown.ImageSize(image.width, image.height) for name, image in shown.items()}
        self.body_html = markdown.render(self.body, image_sizes)
        self.summary = self.excerpt or markdown.plain_text(self.body_html, SUMMARY_LENGTH)
        with transaction.atomic():
            super().save(*args, **kwargs)
            self.images.set(shown.values())

    def _shown_images(self) -> models.QuerySet[Image]:
        in_text = models.Q(name__in=markdown.media_names(self.body))
        return Image.objects.filter(in_text | models.Q(pk=self.cover_id), site=self.home_id)
