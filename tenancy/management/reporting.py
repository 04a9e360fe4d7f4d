"""The output of `manage.py site` about sites, as text and for `--json`."""

from collections.abc import Iterable
from typing import Any

from django.contrib.sites.models import Site
from django.db.models import Model, Prefetch, prefetch_related_objects

from accounts.models import Membership
from tenancy.absolute_urls import site_url
from tenancy.lookup import SHOWN
from tenancy.management.arguments import SHARED
from tenancy.models import Generation, SiteSettings

SETTINGS = ["tagline", "language", "time_zone", "theme", "accent", "posts_per_page", "robots"]

Document = dict[str, Any]


def documents(sites: Iterable[Site]) -> list[Document]:
    """One document for each site. Scripts read them (`--json`), so keys are added but not renamed or removed."""
    found = list(sites)
    members = Prefetch("memberships", Membership.objects.select_related("user").order_by("-role", "user__email"))
    prefetch_related_objects(found, "settings", "domains", members)
    generations = Generation.objects.in_bulk([site.pk for site in found])
    return [_document(site, generations.get(site.pk)) for site in found]


def _document(site: Site, generation: Generation | None) -> Document:
    settings: SiteSettings | None = getattr(site, "settings", None)
    return {
        "id": site.pk,
        "domain": site.domain,
        "name": site.name,
        "url": site_url(site),
        # A site without settings is not served.
        "state": settings.state if settings else None,
        "further_domains": [domain.name for domain in site.domains.all() if not domain.primary],
        "uuid": str(settings.uuid) if settings else None,
        "deployment": (settings.deployment or SHARED) if settings else None,
        **{name: getattr(settings, name, None) for name in SETTINGS},
        "members": [
            {"email": member.user.email, "name": member.user.name, "role": member.get_role_display().lower()}
            for member in site.memberships.all()
        ],
        "generation": str(generation.value) if generation else None,
    }


def as_page(site: Document) -> str:
    """The text for one site, with a line for each value."""
    several = {
        "further_domains": [f"{name} (redirects)" for name in site["further_domains"]],
        "members": [f"{member['email']} ({member['role']})" for member in site["members"]],
    }
    lines = []
    for key, value in site.items():
        values = several.get(key, [_shown(value)]) or ["–"]
        labels = [key.replace("_", " "), *[""] * len(values)]
        lines += [f"  {label:<18}{_shown(line)}".rstrip() for label, line in zip(labels, values, strict=False)]
    return "\n".join(lines)


def as_table(sites: list[Document]) -> str:
    """A table with one line for each site."""
    rows = [["id", "domain", "state", "name", "further domains"]]
    for site in sites:
        further = ", ".join(site["further_domains"])
        rows.append([_shown(cell) for cell in (site["id"], site["domain"], site["state"], site["name"], further)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def placed_elsewhere(site: Site, posts: Iterable[Model]) -> str:
    """The posts that prevent a site from being deleted, each with the other sites on which it is published."""
    by_id = sorted(posts, key=lambda post: post.pk)
    shown = by_id[:SHOWN]
    prefetch_related_objects(shown, "sites")
    lines = [f"  {post.pk}  {_shown(post)}: {', '.join(_elsewhere(post, site))}" for post in shown]
    if len(by_id) > SHOWN:
        lines.append(f"  and {len(by_id) - SHOWN} more")
    return "\n".join(lines)


def _elsewhere(post: Any, home: Site) -> list[str]:
    return sorted(site.domain for site in post.sites.all() if site != home)


def _shown(value: object) -> str:
    """The text without control characters: an owner could put terminal control sequences into a name."""
    text = "–" if value in (None, "") else str(value)
    return "".join(character if character.isprintable() else "?" for character in text)
