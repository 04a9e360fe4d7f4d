"""Where posts stand: one post on one site, and the lists of a site."""

from datetime import date, datetime, time, timedelta
from typing import Any, Self

from django.contrib.sites.models import Site
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.text import slugify

from blogs import redirects
from blogs.models.compiled import Parameter, Row
from blogs.models.names import Names
from blogs.models.posts import Image, Post
from blogs.models.rows import LastRow
from blogs.paths import public_path, validate_moment, validate_slug_is_free
from tenancy.models import State

# By the field of a row that shows them.
_NAMES = {
    "authors": Names(Post._meta.get_field("authors"), "post_id"),
    "tags": Names(Post._meta.get_field("tags"), "post_id"),
}


def _older_than(last: LastRow) -> models.Q:
    """Written so that the index on (site, published_at, id) is entered at the right place."""
    same_time_but_newer = models.Q(published_at=last.published_at, pk__gte=last.pk)
    return models.Q(published_at__lte=last.published_at) & ~same_time_but_newer


class PlacementQuerySet(models.QuerySet["Placement"]):
    def on(self, site: Site | Parameter) -> Self:
        return self.filter(site=site)

    def at(self, slug: str | Parameter) -> Self:
        return self.filter(slug=slug)

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
        pages = self.filter(pinned=True, post__kind=Post.Kind.PAGE).order_by("post__title", "pk")
        return pages.select_related("post").only("slug", "published_at", "post__title")

    def in_month(self, first_day: date) -> Self:
        """Published in that month of the current time zone."""
        next_first_day = (first_day + timedelta(days=31)).replace(day=1)
        begin, end = (timezone.make_aware(datetime.combine(day, time())) for day in (first_day, next_first_day))
        return self.filter(published_at__gte=begin, published_at__lt=end)

    def newest_first(self) -> Self:
        return self.order_by("-published_at", "-pk")

    def pinned_first(self) -> Self:
        return self.order_by("-pinned", "-published_at", "-pk")

    def older_than(self, last: LastRow) -> Self:
        """Those after it in the order of `newest_first`."""
        return self.filter(_older_than(last))

    def below(self, last: LastRow) -> Self:
        """Those after it in the order of `pinned_first`."""
        older = _older_than(last)
        if last.pinned:
            return self.filter(models.Q(pinned=False) | older)
        return self.filter(older, pinned=False)

    def columns(self, row: type[Row]) -> "models.QuerySet[Placement, Any]":
        """Those that `row` has fields for."""
        names = {name: column for name, column in _NAMES.items() if name in row._fields}
        return self.annotate(**names).values_list(*row._fields)

    def rows(self, row: type[Row], most: int) -> list[Row]:
        """What is shown of the first ones."""
        return [row._make(columns) for columns in self.columns(row)[:most]]

    def images(self) -> models.QuerySet[Image]:
        """Those that the posts show: a draft's image is as secret as the draft."""
        return Image.objects.filter(models.Exists(self.filter(post__images=models.OuterRef("pk"))))

    def address_at_home(self, home_id: int, post_id: int) -> tuple[str, str] | None:
        """Domain and slug of the post on its home, while it is live there and that site is."""
        at_home = self.live().filter(site=home_id, post=post_id, site__settings__state=State.LIVE)
        return at_home.values_list("site__domain", "slug").first()

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
        max_length=200,
        blank=True,
        # The constraint's begins at the site; by one of slugs alone PostgreSQL might read the /about/ of all sites.
        db_index=False,
        validators=[validate_slug_is_free],
        help_text="Left empty: from the title.",
    )
    published_at = models.DateTimeField(
        "published",
        null=True,
        blank=True,
        validators=[validate_moment],
        help_text="Empty: a draft. In the future: scheduled.",
    )
    pinned = models.BooleanField(
        default=False, help_text="A post stays on top of the home page, a page stands in the menu."
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
            # What is scheduled, on all sites (blogs/watches.py).
            models.Index("published_at", name="placement_moment"),
        ]

    def __str__(self) -> str:
        return self.slug

    def get_absolute_url(self) -> str:
        return public_path("post", self.slug)

    def clean(self) -> None:
        if not hasattr(self, "post"):
            return  # the field was refused
        if not self.slug and self.post.title:
            self.slug = slugify(self.post.title)[:200].strip("-")
            if not self.slug:
                raise ValidationError({"slug": "The title has no letter from a to z and no digit: write a slug."})
            validate_slug_is_free(self.slug)
        # By which post is not said: who places one need not see the others.
        if Placement.objects.filter(site=self.site_id, slug=self.slug).exclude(pk=self.pk).exists():
            raise ValidationError({"slug": f"/{self.slug}/ is taken on {self.site.domain}."})

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A changed slug leaves a permanent redirect, once readers may know the old one."""
        before = Placement.objects.live().filter(pk=self.pk).values_list("slug", flat=True).first()
        with transaction.atomic():
            super().save(*args, **kwargs)
            if before not in (None, self.slug):
                redirects.moved(self.site, old_path=public_path("post", before), new_path=self.get_absolute_url())

    @property
    def is_live(self) -> bool:
        return self.published_at is not None and self.published_at <= timezone.now()
