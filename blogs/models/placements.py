"""Placements, each of which publishes one post on one site, and the queries for the lists of a site."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Self

from django.contrib.sites.models import Site
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now
from django.utils import timezone

from blogs.models.annotations import annotations_of
from blogs.models.compiled import Parameter, Row
from blogs.models.files import Image, MediaFile
from blogs.models.posts import Post
from blogs.models.rows import LastRow
from blogs.models.slugs import SlugField
from blogs.paths import is_reserved, public_path, validate_moment, validate_slug_is_free
from blogs.slugs import free_slug, slug_from
from tenancy.models import State

SLUG_LENGTH = 200


# Ids are divided into ranges of 10,000: the parts of a sitemap, whose protocol allows 50,000 URLs. The number is in the
# SQL and not a parameter, because PostgreSQL uses an index on an expression only for the same expression.
ID_RANGE = 10_000
_ID_RANGE = models.Func(
    models.F("id"), template=f"(%(expressions)s / {ID_RANGE} + 1)", output_field=models.BigIntegerField()
)


def older_than(last: LastRow, key: str = "pk") -> models.Q:
    """The condition "older than `last`", in a form with which PostgreSQL starts its index scan at `last`.

    `key` names the field with the id of the placement.
    """
    same_time_but_newer = models.Q(("published_at", last.published_at), (f"{key}__gte", last.pk))
    return models.Q(published_at__lte=last.published_at) & ~same_time_but_newer


class PlacementQuerySet(models.QuerySet["Placement"]):
    def on(self, site: Site | Parameter) -> Self:
        return self.filter(site=site)

    def at(self, slug: str | Parameter) -> Self:
        return self.filter(slug=slug)

    def live(self) -> Self:
        """Placements that are public now. A time in the future means scheduled, and no time means draft."""
        return self.filter(published_at__lte=Now())

    def scheduled(self) -> Self:
        return self.filter(published_at__gt=Now())

    def drafts(self) -> Self:
        return self.filter(published_at=None)

    def in_state(self, state: "Placement.State") -> Self:
        match state:
            case Placement.State.LIVE:
                return self.live()
            case Placement.State.SCHEDULED:
                return self.scheduled()
            case Placement.State.DRAFT:
                return self.drafts()

    def posts(self) -> Self:
        return self.filter(post__kind=Post.Kind.POST)

    def menu(self) -> Self:
        """Pages in the menu of a site."""
        return self.filter(pinned=True, post__kind=Post.Kind.PAGE).order_by("post__title", "pk")

    def between(self, begin: datetime | Parameter, end: datetime | Parameter) -> Self:
        """Placements with a publication time from `begin` to before `end`."""
        return self.filter(published_at__gte=begin, published_at__lt=end)

    def newest_first(self) -> Self:
        return self.order_by("-published_at", "-pk")

    def pinned_first(self) -> Self:
        return self.order_by("-pinned", "-published_at", "-pk")

    def older_than(self, last: LastRow) -> Self:
        """Placements after `last` in the order of `newest_first`."""
        return self.filter(older_than(last))

    def below(self, last: LastRow) -> Self:
        """Placements after `last` in the order of `pinned_first`."""
        older = older_than(last)
        if last.pinned:
            return self.filter(models.Q(pinned=False) | older)
        return self.filter(older, pinned=False)

    def columns(self, row: type[Row]) -> "models.QuerySet[Placement, Any]":
        """Select the columns for the fields of `row`."""
        annotated = self.annotate(**annotations_of(row._fields))
        columns: models.QuerySet[Placement, Any] = annotated.values_list(*row._fields)
        return columns

    def id_ranges(self, above: int | RawSQL = 0) -> "models.QuerySet[Placement, Any]":
        """The number of the range of each placement, in ascending order. The lowest possible number is 1."""
        numbered = self.annotate(id_range=_ID_RANGE).filter(id_range__gt=above)
        return numbered.order_by("id_range").values_list("id_range", flat=True)

    def in_id_range(self, number: int) -> Self:
        return self.alias(id_range=_ID_RANGE).filter(id_range=number)

    def images(self) -> models.QuerySet[Image]:
        """The images that these placements show. The images of a draft must not be public."""
        return Image.objects.filter(models.Exists(self.filter(post__images=models.OuterRef("pk"))))

    def media_files(self) -> models.QuerySet[MediaFile]:
        """The media files that these placements show. Those of a draft must not be public."""
        return MediaFile.objects.filter(models.Exists(self.filter(post__media_files=models.OuterRef("pk"))))

    def live_on(self, site: int | models.OuterRef, post: int | models.OuterRef) -> Self:
        """The placement of `post` on `site` if both are live. On the home of the post it is the canonical placement."""
        return self.live().filter(site=site, post=post, site__settings__state=State.LIVE)

    def address_at_home(self, home_id: int, post_id: int) -> tuple[str, str] | None:
        """Domain and slug of the post on its home, or None if the post is not live there."""
        return self.live_on(home_id, post_id).values_list("site__domain", "slug").first()

    def at_home(self) -> Self:
        """Annotate `home_slug`: the slug of the post on its home, or None if the post is not live there."""
        home = Placement.objects.live_on(models.OuterRef("post__home"), models.OuterRef("post"))
        return self.annotate(home_slug=models.Subquery(home.values("slug")[:1]))

    def canonical(self) -> Self:
        """Placements that have the canonical address of their post: on its home, or if it is not live there."""
        return self.at_home().filter(models.Q(post__home=models.F("site")) | models.Q(home_slug__isnull=True))


class Placement(models.Model):
    """Publishes one post on one site, with the values that differ between sites."""

    class State(models.TextChoices):
        LIVE = "live"
        SCHEDULED = "scheduled"
        DRAFT = "draft"

    post = models.ForeignKey(Post, models.CASCADE, related_name="placements")
    # No index of its own: all indexes below begin with the site.
    site = models.ForeignKey(Site, models.CASCADE, related_name="placements", db_index=False)
    slug = SlugField(
        max_length=SLUG_LENGTH,
        blank=True,
        # With an index on the slug, PostgreSQL might read the /about/ of all sites. The index of the unique constraint
        # begins with the site.
        db_index=False,
        validators=[validate_slug_is_free],
        help_text="The last part of the address of the post on this site. If empty, it is made from the title.",
    )
    published_at = models.DateTimeField(
        "published",
        null=True,
        blank=True,
        validators=[validate_moment],
        help_text="If empty, the post is a draft. A time in the future schedules the post.",
    )
    pinned = models.BooleanField(
        default=False, help_text="A pinned post stays at the top of the home page. A pinned page is in the menu."
    )

    last_live_slug = models.CharField(
        max_length=SLUG_LENGTH,
        blank=True,
        default="",
        db_default="",
        editable=False,
        help_text="The slug of a draft when it was live. Readers may know it, so it responds with 410 when deleted.",
    )

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
            # For the parts of the sitemap, which contains no drafts.
            models.Index("site", _ID_RANGE, condition=models.Q(published_at__isnull=False), name="placement_id_range"),
            # For the query for scheduled placements of all sites (blogs/watches.py).
            models.Index("published_at", name="placement_moment"),
        ]

    def __str__(self) -> str:
        return self.slug

    def get_absolute_url(self) -> str:
        return public_path("post", self.slug)

    def clean(self) -> None:
        if not hasattr(self, "post"):
            return  # the form has already reported the missing post
        self.fill_slug()
        if Placement.objects.filter(site=self.site_id, slug=self.slug).exclude(pk=self.pk).exists():
            raise self.slug_is_taken()

    def fill_slug(self, taken: Collection[str] = ()) -> None:
        """Make a missing slug from the title, or from the kind if the title has no letter.

        It differs from the slugs of the site and from those in `taken`.
        """
        if not self.slug and self.post.title:
            wanted = slug_from(self.post.title, SLUG_LENGTH) or str(self.post.kind)
            others = Placement.objects.filter(site=self.site_id).exclude(pk=self.pk)
            reserved = {wanted} if is_reserved(wanted) else set()
            self.slug = free_slug(wanted, others, SLUG_LENGTH, reserved.union(taken))

    def slug_is_taken(self) -> ValidationError:
        # The message does not name the other post, because the user may not be allowed to see it.
        return ValidationError({"slug": f"/{self.slug}/ is taken on {self.site.domain}. Choose another slug."})

    @property
    def state(self) -> State:
        if self.published_at is None:
            return self.State.DRAFT
        return self.State.LIVE if self.published_at <= timezone.now() else self.State.SCHEDULED

    @property
    def is_live(self) -> bool:
        return self.state == self.State.LIVE
