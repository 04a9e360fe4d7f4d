"""Redirects from old addresses of a site, addresses that were removed on purpose, and when each was last used."""

from datetime import timedelta
from typing import Any, Self

from django.contrib.sites.models import Site
from django.db import models
from django.db.models.functions import Length, Substr
from django.utils import timezone

from blogs.models.placements import Placement
from blogs.paths import old_path_key, target_key

PATH_LENGTH = 500  # characters; PostgreSQL can index 2,704 bytes, and a character has up to four


class RedirectQuerySet(models.QuerySet["Redirect"]):
    def on(self, site: Site | int) -> Self:
        return self.filter(site=site)

    def unused_for(self, days: int) -> Self:
        """Redirects that are older than this number of days and were not used in these days."""
        moment = timezone.now() - timedelta(days=days)
        return self.filter(models.Q(use=None) | models.Q(use__last_used__lt=moment.date()), created_at__lt=moment)

    def never_used(self) -> Self:
        return self.filter(use=None)

    def with_covered(self) -> Self:
        """Annotate `is_covered`: whether a live post has the address, so that the redirect has no effect."""
        slug = Substr(models.OuterRef("old_path"), 2, Length(models.OuterRef("old_path")) - 2)
        covering = Placement.objects.filter(site=models.OuterRef("site"), slug=slug).live()
        return self.annotate(is_covered=models.Exists(covering))

    def covered(self) -> Self:
        return self.with_covered().filter(is_covered=True)


class Redirect(models.Model):
    """Where readers of an old address of a site go.

    An old path that ends in `/*` stands for all addresses below it. Without a new path the response is 410.
    """

    # The index of the unique constraint begins with the site.
    site = models.ForeignKey(Site, models.CASCADE, related_name="redirects", db_index=False)
    old_path = models.CharField(max_length=PATH_LENGTH)  # in the form of `blogs.paths.old_path_key`
    new_path = models.CharField(max_length=PATH_LENGTH, blank=True)
    # Changes and removals of an address find the redirects that lead to it, however their targets are written.
    new_path_key = models.CharField(max_length=PATH_LENGTH, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = RedirectQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "old_path"], name="old_path_once_on_a_site")]
        indexes = [models.Index(fields=["site", "new_path_key"], name="redirect_target")]
        ordering = ["old_path", "pk"]

    def __str__(self) -> str:
        return f"{self.old_path} → {self.new_path or '410'}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.fill_keys()
        super().save(*args, **kwargs)

    def fill_keys(self) -> Self:
        """Write the old path in its normal form, and the key of the target. Needed before bulk operations."""
        self.old_path = old_path_key(self.old_path)
        self.new_path_key = target_key(self.new_path)[:PATH_LENGTH]
        return self


class RedirectUse(models.Model):
    """How often and when a redirect was used. A table of its own, because a use must not refresh any page."""

    redirect = models.OneToOneField(Redirect, models.CASCADE, primary_key=True, related_name="use")
    uses = models.PositiveBigIntegerField()
    last_used = models.DateField()  # in UTC

    def __str__(self) -> str:
        return f"{self.uses} until {self.last_used}"
