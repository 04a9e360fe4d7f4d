"""Loads the demo into an empty installation."""

from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.sites.models import Site
from django.core.files import File
from django.core.management.base import CommandError
from django.db import transaction
from django.utils import timezone

from accounts.models import Membership, User
from blogs import publishing
from blogs.demo import content
from blogs.demo.accounts import CAST, PASSWORD
from blogs.demo.content import Text
from blogs.models import Author, Image, Placement, Post
from blogs.slugs import tag_slug
from tenancy import lifecycle

Report = Callable[[str], None]


class DemoRefused(CommandError):
    """The demo cannot be loaded into this installation. The message gives the reason and the remedy."""


@transaction.atomic
def load(report: Report = lambda line: None) -> list[Site]:
    """Load the demo in one transaction, and call `report` after each step. Raises DemoRefused."""
    _check_allowed()
    sites = {folder: _create_site(**description) for folder, description in content.sites().items()}
    report(f"{len(sites)} sites: {', '.join(site.name for site in sites.values())}")
    _create_accounts(sites)
    report(f"{len(CAST)} accounts, one per role")
    texts = list(content.texts())
    authors = _create_authors(sites, texts)
    report(f"{len({name for _, name in authors})} authors")
    writer = _Writer(sites, authors)
    for text in texts:
        writer.write(text)
    report(f"{Post.objects.count()} posts and pages, {Image.objects.count()} images")
    return list(sites.values())


def _check_allowed() -> None:
    if settings.PUBLIC_SCHEME == "https":
        raise DemoRefused(
            "The accounts of the demo have a public password, and this installation serves https."
            " Run the demo with settings.local, on a laptop."
        )
    if number := Site.objects.count():
        raise DemoRefused(
            f"The installation has {number} {'site' if number == 1 else 'sites'}; the demo needs one without sites."
            " Delete all sites (manage.py site delete), or use another database."
        )
    taken = User.objects.filter(email__in=[account.email for account in CAST]).first()
    if taken is not None:
        raise DemoRefused(
            f"The demo creates the account {taken.email}, which already exists. Delete this account first."
        )


def _create_site(*, domain: str, further_domains: list[str], name: str, settings: dict[str, Any]) -> Site:
    site = lifecycle.create(domain, name, **settings, by=None)
    for further in further_domains:
        lifecycle.add_domain(site, further, by=None)
    return site


def _create_accounts(sites: dict[str, Site]) -> None:
    password = make_password(PASSWORD)  # Hashing a password is slow by design, so all accounts share one hash.
    for account in CAST:
        user = User.objects.create(
            email=account.email, name=account.name, password=password, is_superuser=account.role is None
        )
        if account.site is not None and account.role is not None:
            Membership.objects.create(user=user, site=sites[account.site], role=account.role)


def _create_authors(sites: dict[str, Site], texts: list[Text]) -> dict[tuple[str, str], Author]:
    """Create the authors of each site, and return them by folder and name.

    An author is linked to the account with the same name.
    """
    users = {user.name: user for user in User.objects.filter(email__in=[account.email for account in CAST])}
    biographies = content.biographies()
    named = {(folder, name) for text in texts for folder in text.folders for name in text.matter["authors"]}
    authors = {
        (folder, name): Author(site=sites[folder], name=name, bio=biographies[name], user=users.get(name))
        for folder, name in sorted(named)
    }
    for author in authors.values():
        publishing.create_author(author, by=None)
    return authors


class _Writer:
    """Writes texts as posts. `sites` maps folders to sites; `authors` maps folders and names to authors."""

    def __init__(self, sites: dict[str, Site], authors: dict[tuple[str, str], Author]) -> None:
        self.sites = sites
        self.authors = authors
        self.now = timezone.now()
        self.image = cache(self._store_image)  # A file that is both the cover and in the text becomes one image.

    def write(self, text: Text) -> None:
        moments = {folder: self._moment(folder, values) for folder, values in text.placements.items()}
        post = self._create_post(text, updated_at=min([self.now, *filter(None, moments.values())]))
        placements = [
            Placement(
                post=post,
                site=self.sites[folder],
                slug=values["slug"],
                published_at=moments[folder],
                pinned=values.get("pinned", False),
            )
            for folder, values in text.placements.items()
        ]
        publishing.place(*placements, by=None)

    def _moment(self, folder: str, place: dict[str, Any]) -> Any:
        zone = ZoneInfo(self.sites[folder].settings.time_zone)
        return content.moment(place, timezone.localdate(self.now, zone), zone)

    def _create_post(self, text: Text, *, updated_at: datetime) -> Post:
        matter = text.matter
        authors = [self.authors[text.home, name] for name in matter["authors"]]
        post = Post(
            home=self.sites[text.home],
            kind=matter.get("kind", Post.Kind.POST),
            title=matter["title"],
            excerpt=matter["excerpt"],
            body=text.with_images(lambda file: self.image(text.home, file).get_absolute_url()),
            cover=self.image(text.home, matter["cover"]) if "cover" in matter else None,
            cover_alt=matter.get("cover_alt", ""),
            created_by=authors[0].user if authors else None,
            updated_at=updated_at,
        )
        tags = {tag_slug(name): name for name in matter.get("tags", [])}
        publishing.create_post(post, by=None, authors=authors, tags=tags)
        return post

    def _store_image(self, folder: str, file_name: str) -> Image:
        with (content.IMAGES / file_name).open("rb") as file:
            image = Image(site=self.sites[folder], title=file_name, file=File(file, file_name))
            publishing.create_file(image, by=None)
        return image
