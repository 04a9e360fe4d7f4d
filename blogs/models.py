"""WHAT is served: posts, where they are placed, and what they are made of."""

import re
import uuid
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any, Self

from django.contrib.sites.models import Site
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db import models, transaction
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify

from blogs import markdown, redirects
from blogs.placing import protect_placed_elsewhere
from tenancy.media import SiteImageField
from tenancy.models import State
from tenancy.sites import site_url

# First segments of addresses that the site itself uses; a test compares them with the urlconf.
RESERVED_SLUGS = frozenset({"admin", "author", "feed", "media", "page", "preview", "search", "static", "tag"})
_YEAR = re.compile(r"[0-9]{4}")

SUMMARY_LENGTH = 300

# Addresses of public pages, also when the admin's urlconf is the one in force.
public_path = partial(reverse, urlconf="blogs.urls")


def validate_slug_is_free(slug: str) -> None:
    if slug in RESERVED_SLUGS or _YEAR.fullmatch(slug):
        raise ValidationError(
            f"/{slug}/ is an address that the site itself uses. Choose another slug.", code="reserved"
        )


class Tag(models.Model):
    """Shared by all sites, by slug: two sites that write about Python mean the same tag."""

    slug = models.SlugField(max_length=100, unique=True)
    name = models.CharField(max_length=100)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return public_path("tag", args=[self.slug])


class Author(models.Model):
    """Who wrote a post. Need not have an account."""

    slug = models.SlugField(max_length=100, unique=True)
    name = models.CharField(max_length=100)
    bio = models.TextField(blank=True, max_length=1000, help_text="Plain text, shown above the author's posts.")
    user = models.OneToOneField("tenancy.User", models.SET_NULL, null=True, blank=True, related_name="author")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return public_path("author", args=[self.slug])


class ImageQuerySet(models.QuerySet["Image"]):
    def shown_on(self, site: Site) -> Self:
        """Images of posts that are live on the site: a draft's image is as secret as the draft."""
        return self.filter(models.Exists(Placement.objects.on(site).live().filter(post__images=models.OuterRef("pk"))))


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

    objects = ImageQuerySet.as_manager()

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
        return public_path("media", args=[self.name])


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
        "cover, in words", max_length=300, blank=True, help_text="For who cannot see the image."
    )
    images = models.ManyToManyField(Image, editable=False, related_name="posts")
    authors = models.ManyToManyField(Author, blank=True, related_name="posts")
    tags = models.ManyToManyField(Tag, blank=True, related_name="posts")
    created_by = models.ForeignKey(
        "tenancy.User", models.SET_NULL, null=True, editable=False, related_name="created_posts"
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
        pictures = {name: markdown.Picture(image.width, image.height) for name, image in shown.items()}
        self.body_html = markdown.render(self.body, pictures)
        self.summary = self.excerpt or markdown.plain_text(self.body_html, SUMMARY_LENGTH)
        with transaction.atomic():
            super().save(*args, **kwargs)
            self.images.set(shown.values())

    def _shown_images(self) -> models.QuerySet[Image]:
        in_text = models.Q(name__in=markdown.media_names(self.body))
        return Image.objects.filter(in_text | models.Q(pk=self.cover_id), site=self.home_id)


def _older_than(placement: "Placement") -> models.Q:
    """Written so that the index on (site, published_at, id) is entered at the right place."""
    same_time_but_newer = models.Q(published_at=placement.published_at, pk__gte=placement.pk)
    return models.Q(published_at__lte=placement.published_at) & ~same_time_but_newer


class PlacementQuerySet(models.QuerySet["Placement"]):
    def on(self, site: Site) -> Self:
        return self.filter(site=site)

    def live(self) -> Self:
        """Publicly visible now. A placement in the future is scheduled, one without a time is a draft."""
        return self.filter(published_at__lte=Now())

    def scheduled(self) -> Self:
        return self.filter(published_at__gt=Now())

    def drafts(self) -> Self:
        return self.filter(published_at=None)

    def posts(self) -> Self:
        return self.filter(post__kind=Post.Kind.POST)

    def menu(self) -> Self:
        """The pages that stand in the site's menu."""
        pages = self.filter(pinned=True, post__kind=Post.Kind.PAGE).order_by("published_at", "pk")
        return pages.select_related("post").only("slug", "post__title")

    def in_month(self, first_day: date) -> Self:
        """Published in that month of the current time zone."""
        next_first_day = (first_day + timedelta(days=31)).replace(day=1)
        begin, end = (timezone.make_aware(datetime.combine(day, time())) for day in (first_day, next_first_day))
        return self.filter(published_at__gte=begin, published_at__lt=end)

    def newest_first(self) -> Self:
        return self.order_by("-published_at", "-pk")

    def pinned_first(self) -> Self:
        return self.order_by("-pinned", "-published_at", "-pk")

    def older_than(self, placement: "Placement") -> Self:
        """Those after it in the order of `newest_first`."""
        return self.filter(_older_than(placement))

    def below(self, placement: "Placement") -> Self:
        """Those after it in the order of `pinned_first`."""
        older = _older_than(placement)
        if placement.pinned:
            return self.filter(models.Q(pinned=False) | older)
        return self.filter(older, pinned=False)

    def for_list(self) -> Self:
        """With what a list shows of each post, without the texts."""
        return (
            self.select_related("post__cover").defer("post__body", "post__body_html").prefetch_related("post__authors")
        )

    def for_page(self) -> Self:
        """With all that the post's own page shows."""
        return (
            self.select_related("post__cover", "post__home").prefetch_related("post__authors", "post__tags").at_home()
        )

    def for_feed(self) -> Self:
        """With the whole content, its authors and tags."""
        return self.select_related("post").defer("post__body").prefetch_related("post__authors", "post__tags")

    def at_home(self) -> Self:
        """Annotated with `home_slug`: the post's slug on its home, while it is live there and that site is."""
        home = Placement.objects.live().filter(
            site=models.OuterRef("post__home"), post=models.OuterRef("post"), site__settings__state=State.LIVE
        )
        return self.annotate(home_slug=models.Subquery(home.values("slug")[:1]))

    def canonical(self) -> Self:
        """Those whose canonical address is on their own site: not live at another home."""
        return self.at_home().filter(models.Q(post__home=models.F("site")) | models.Q(home_slug__isnull=True))


class Placement(models.Model):
    """One post on one site, with what may differ there."""

    post = models.ForeignKey(Post, models.CASCADE, related_name="placements")
    site = models.ForeignKey(Site, models.CASCADE, related_name="placements")
    slug = models.SlugField(
        max_length=200, blank=True, validators=[validate_slug_is_free], help_text="Left empty: from the title."
    )
    published_at = models.DateTimeField(
        "published", null=True, blank=True, help_text="Empty: a draft. In the future: scheduled."
    )
    pinned = models.BooleanField(
        default=False, help_text="A post stays on top of the home page, a page stands in the menu."
    )

    home_slug: str | None  # set by `at_home`

    objects = PlacementQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "slug"], name="slug_unique_on_a_site"),
            models.UniqueConstraint(fields=["site", "post"], name="post_once_on_a_site"),
        ]
        indexes = [
            models.Index("site", models.F("published_at").desc(), models.F("id").desc(), name="placement_newest"),
            models.Index(
                "site",
                models.F("pinned").desc(),
                models.F("published_at").desc(),
                models.F("id").desc(),
                name="placement_pinned",
            ),
        ]

    def __str__(self) -> str:
        return self.slug

    def get_absolute_url(self) -> str:
        return public_path("post", args=[self.slug])

    def clean(self) -> None:
        self.slug = self.slug or slugify(self.post.title)[:200].strip("-")
        if not self.slug:
            raise ValidationError({"slug": "The title has no letter from a to z and no digit: write a slug."})
        validate_slug_is_free(self.slug)
        taken = (
            Placement.objects.filter(site=self.site_id, slug=self.slug)
            .exclude(pk=self.pk)
            .select_related("post")
            .first()
        )
        if taken is not None:
            raise ValidationError({"slug": f"/{self.slug}/ is taken on {self.site.domain} by “{taken.post.title}”."})

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A changed slug leaves a permanent redirect, once readers may know the old one."""
        before = Placement.objects.live().filter(pk=self.pk).values_list("slug", flat=True).first()
        with transaction.atomic():
            super().save(*args, **kwargs)
            if before not in (None, self.slug):
                redirects.moved(
                    self.site, old_path=public_path("post", args=[before]), new_path=self.get_absolute_url()
                )

    @property
    def changed_at(self) -> datetime:
        """When readers last saw something new; of a live placement."""
        return max(moment for moment in (self.published_at, self.post.updated_at) if moment)

    @property
    def is_live(self) -> bool:
        return self.published_at is not None and self.published_at <= timezone.now()

    def canonical_url(self, site: Site) -> str:
        """The post's one address for search engines; `site` is the placement's own, fetched `at_home`."""
        if self.home_slug is None or self.post.home_id == site.pk:
            return site_url(site, self.get_absolute_url())
        return site_url(self.post.home, public_path("post", args=[self.home_slug]))


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
