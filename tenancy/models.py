"""WHO is served: users, and what django.contrib.sites lacks about a site."""

import uuid
from collections.abc import Sequence
from typing import Any, Self
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.sites.models import Site
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models.functions import Lower

from lib import hostnames
from tenancy import claims, deployments, themes
from tenancy.media import SiteImageField


class State(models.TextChoices):
    LIVE = "live"
    SUSPENDED = "suspended"


class Robots(models.TextChoices):
    ALLOW = "allow", "Search engines may index this site"
    DISALLOW = "disallow", "Ask search engines to stay away"


def validate_time_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ValueError, KeyError) as error:
        raise ValidationError(f"{name!r} is no time zone; write an IANA name, like Europe/Berlin.") from error


def languages() -> Sequence[tuple[str, Any]]:
    """By name in the migrations: each version of Django knows some more."""
    return settings.LANGUAGES


class SiteSettings(models.Model):
    """What `Site` lacks. A site without settings, or suspended, is not served."""

    site = models.OneToOneField(Site, models.CASCADE, related_name="settings")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, help_text="Names the site in feeds.")
    tagline = models.CharField(max_length=200, blank=True, help_text="One sentence under the name.")
    language = models.CharField(max_length=10, choices=languages, default="en")
    time_zone = models.CharField(max_length=50, default="UTC", validators=[validate_time_zone])
    theme = models.CharField(
        max_length=themes.MAX_LENGTH, default=themes.DEFAULT_THEME, validators=[themes.validate_theme]
    )
    accent = models.CharField(
        max_length=7,
        default="#0b6e4f",
        validators=[RegexValidator(r"\A#[0-9a-f]{6}\Z", "Write a colour as # and six hexadecimal digits: #0b6e4f.")],
        help_text="Colour of links and marks: # and six lower-case hexadecimal digits.",
    )
    logo = SiteImageField(blank=True, width_field="logo_width", height_field="logo_height")
    logo_width = models.PositiveIntegerField(null=True, editable=False)
    logo_height = models.PositiveIntegerField(null=True, editable=False)
    posts_per_page = models.PositiveSmallIntegerField(
        default=10, validators=[MinValueValidator(1), MaxValueValidator(50)]
    )
    robots = models.CharField(max_length=10, choices=Robots, default=Robots.ALLOW)
    state = models.CharField(max_length=10, choices=State, default=State.LIVE)
    deployment = models.CharField(
        max_length=deployments.MAX_LENGTH,
        blank=True,
        db_default="",  # for processes of the version before, which do not know the column
        validators=[deployments.validate_address],
        help_text="Address of the deployment that serves this site, like http://techblog:8000. Empty: the shared one.",
    )

    class Meta:
        verbose_name = verbose_name_plural = "settings"

    def __str__(self) -> str:
        return "settings"


class DomainQuerySet(models.QuerySet["Domain"]):
    def primary(self) -> Self:
        return self.filter(primary=True)

    def redirecting(self) -> Self:
        return self.filter(primary=False)


class Domain(models.Model):
    """A host name of a site. One is primary and mirrored in `Site.domain`; the others redirect to it.

    Every host name of the installation stands in this one table, so that no race lets two sites claim one.
    """

    site = models.ForeignKey(Site, models.CASCADE, related_name="domains")
    name = models.CharField(max_length=hostnames.MAX_LENGTH, unique=True)
    primary = models.BooleanField(default=False)

    objects = DomainQuerySet.as_manager()

    class Meta:
        ordering = ["-primary", "name"]
        constraints = [
            models.UniqueConstraint("site", condition=models.Q(primary=True), name="one_primary_domain_a_site"),
            models.CheckConstraint(condition=models.Q(name=Lower("name")), name="domain_in_lower_case"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.name = claims.claimable(self.name)

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.name = claims.claimable(self.name)
        super().save(*args, **kwargs)


class DomainCheck(models.Model):
    """Whether a domain led here when it was asked last (domain_checks.py). In no page, so no change of a site."""

    name = models.CharField(max_length=hostnames.MAX_LENGTH, unique=True)
    domain = models.OneToOneField(Domain, models.CASCADE, null=True, help_text="None: the host of the admin.")
    checked_at = models.DateTimeField()
    failures = models.PositiveSmallIntegerField(default=0, help_text="In a row; 0 when it led here.")
    reason = models.CharField(max_length=200, blank=True, help_text="Why it failed last.")

    def __str__(self) -> str:
        return f"{self.name}: {self.reason or 'leads here'}"


class Generation(models.Model):
    """When a site last changed, written by database triggers (changes.py) and read by every process's registry.

    Not bound to `Site` by a foreign key: the row of a deleted site is how the others hear of its end.
    """

    site_id = models.IntegerField(primary_key=True)
    transaction = models.BigIntegerField(db_index=True, help_text="Id of the transaction that changed the site last.")
    value = models.UUIDField(help_text="Opaque, never used twice.")

    def __str__(self) -> str:
        return f"{self.site_id}: {self.value}"
