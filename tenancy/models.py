"""Settings, domains and generations of sites: what `django.contrib.sites.Site` does not store."""

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
from lib.text_fields import OneLineField
from tenancy import claims, deployments, themes
from tenancy.media import SiteImageField


class State(models.TextChoices):
    LIVE = "live"
    SUSPENDED = "suspended"


class Robots(models.TextChoices):
    ALLOW = "allow", "Search engines may index this site"
    DISALLOW = "disallow", "Ask search engines not to index this site"


def validate_time_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ValueError, KeyError, OSError) as error:  # "Europe" is a folder
        raise ValidationError(f"{name!r} is not a time zone. Write an IANA name, for example Europe/Berlin.") from error


def languages() -> Sequence[tuple[str, Any]]:
    """A function, so that migrations do not list the languages: each version of Django adds some."""
    return settings.LANGUAGES


class SiteSettings(models.Model):
    """The settings of a site. A suspended site gets 503, and a site without settings is unknown."""

    site = models.OneToOneField(Site, models.CASCADE, related_name="settings")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False, help_text="Identifies the site in feeds.")
    tagline = OneLineField(max_length=200, blank=True, help_text="One sentence, shown under the name.")
    language = models.CharField(max_length=10, choices=languages, default="en")
    time_zone = models.CharField(max_length=50, default="UTC", validators=[validate_time_zone])
    theme = models.CharField(
        max_length=themes.MAX_LENGTH, default=themes.DEFAULT_THEME, validators=[themes.validate_theme]
    )
    accent = models.CharField(
        max_length=7,
        default="#0b6e4f",
        validators=[
            RegexValidator(r"\A#[0-9a-f]{6}\Z", "Write a colour as # and six hexadecimal digits, for example #0b6e4f.")
        ],
        help_text="Colour of links and highlights: # and six lower-case hexadecimal digits.",
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
        db_default="",  # processes of the previous release insert rows without this column
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

    One table holds the host names of all sites, so that its unique constraint refuses a name that two sites claim.
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
    """The outcome of the last check whether a domain leads to this installation (domain_checks.py).

    The table is not watched, because no page shows its rows.
    """

    name = models.CharField(max_length=hostnames.MAX_LENGTH, unique=True)
    domain = models.OneToOneField(Domain, models.CASCADE, null=True, help_text="Null if the domain is ADMIN_HOST.")
    checked_at = models.DateTimeField()
    failures = models.PositiveSmallIntegerField(default=0, help_text="Failed checks in a row.")
    reason = models.CharField(max_length=200, blank=True, help_text="Why the last check failed.")

    def __str__(self) -> str:
        return f"{self.name}: {self.reason or 'leads here'}"


class Generation(models.Model):
    """The state of a site. Database triggers (changes/triggers.py) write it; the registry of every process reads it.

    No foreign key to `Site`: the row outlives a deleted site, so that other processes learn of the deletion.
    """

    site_id = models.IntegerField(primary_key=True)
    transaction = models.BigIntegerField(db_index=True, help_text="Id of the last transaction that changed the site.")
    value = models.UUIDField(help_text="An opaque value that is new after each change and never used again.")
    changed_at = models.DateTimeField(help_text="The time of the last change. It never moves backwards.")

    def __str__(self) -> str:
        return f"{self.site_id}: {self.value}"


class Release(models.Model):
    """The release that serves pages. The table has one row (releases.py)."""

    fingerprint = models.CharField(max_length=40)
    serving_since = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.fingerprint} since {self.serving_since}"
