"""Redirects from old to new addresses of a site (django.contrib.redirects)."""

import re
from collections.abc import Collection

from django.contrib.redirects.models import Redirect
from django.contrib.sites.models import Site
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from accounts.roles import Actor
from blogs import permissions

_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f\\]")
_ABSOLUTE_URL = re.compile(r"https?://[^/?#]")


@transaction.atomic
def save(redirect: Redirect, *, by: Actor) -> None:
    """Store a new redirect, or the changes of a stored one.

    Raises ValidationError, Redirect.DoesNotExist, and PermissionDenied unless `by` is an editor of its site.
    """
    if redirect.pk is not None:  # the site in memory may differ from the stored site
        permissions.require(permissions.can_edit_redirect, by, _locked(redirect))
    permissions.require(permissions.can_edit_redirect, by, redirect)
    redirect.full_clean()
    validate(redirect)
    redirect.save()


@transaction.atomic
def delete(redirect: Redirect, *, by: Actor) -> None:
    """Delete the redirect. Raises Redirect.DoesNotExist, and PermissionDenied unless `by` is an editor of its site."""
    stored = _locked(redirect)
    permissions.require(permissions.can_edit_redirect, by, stored)
    stored.delete()


def validate(redirect: Redirect) -> None:
    """Raises ValidationError, by field, for an old path that is no path and a target that is no path and no URL."""
    errors: dict[str, str] = {}
    new_path = redirect.new_path
    is_url = _ABSOLUTE_URL.match(new_path) and not _UNPRINTABLE.search(new_path)
    for name, text in (("old_path", redirect.old_path), ("new_path", "/" if is_url else new_path)):
        # Browsers read `//` and `/\` as the start of another host.
        if not text.startswith("/") or text.startswith("//") or _UNPRINTABLE.search(text):
            errors[name] = (
                "Enter a path that begins with a single / and has no spaces or backslashes, such as /old-name/."
            )
    if redirect.old_path == "/":
        errors["old_path"] = "The home page always exists, so / cannot be redirected. Enter another path."
    if not errors and redirect.old_path == new_path:
        errors["new_path"] = "The old and the new path are the same. Enter another path."
    if errors:
        raise ValidationError(errors)


def moved(site: Site, *, old_path: str, new_path: str) -> None:
    """Redirect `old_path` of the site to `new_path`. Existing redirects to `old_path` then lead to `new_path`."""
    moves = Moves(site, [old_path, new_path])
    moves.add(old_path, new_path)
    moves.save()


class Moves:
    """Redirects of one site that change together, with a fixed number of queries.

    `paths` are all old and new paths of the later calls of `add`.
    """

    def __init__(self, site: Site, paths: Collection[str]) -> None:
        self._site = site
        stored = Redirect.objects.filter(Q(old_path__in=paths) | Q(new_path__in=paths), site=site)
        self._stored = {redirect.old_path: redirect for redirect in stored}
        self._targets = {path: redirect.new_path for path, redirect in self._stored.items()}

    def target(self, path: str) -> str | None:
        """The path or URL to which one of `paths` redirects, or None."""
        return self._targets.get(path)

    def add(self, old_path: str, new_path: str) -> None:
        """Redirect `old_path` to `new_path`. Redirects to `old_path` then lead to `new_path`."""
        self._targets.pop(new_path, None)
        for path, target in self._targets.items():
            if target == old_path:
                self._targets[path] = new_path
        self._targets[old_path] = new_path

    def save(self) -> None:
        """Write the changes. The caller saves the placement that has moved, which announces the change."""
        obsolete = self._stored.keys() - self._targets.keys()
        changed = [
            path for path in self._stored.keys() - obsolete if self._stored[path].new_path != self._targets[path]
        ]
        for path in changed:
            self._stored[path].new_path = self._targets[path]
        if obsolete:
            Redirect.objects.filter(pk__in=[self._stored[path].pk for path in obsolete]).delete()
        Redirect.objects.bulk_update([self._stored[path] for path in changed], ["new_path"])
        Redirect.objects.bulk_create(
            Redirect(site=self._site, old_path=path, new_path=target)
            for path, target in self._targets.items()
            if path not in self._stored
        )


def target(site: Site, path: str) -> str | None:
    """The address to which the site redirects `path`, or None."""
    # A text in PostgreSQL cannot contain NUL. `/` is never moved, and gets here only with an invalid query string.
    if "\0" in path or path == "/":
        return None
    # External links to old addresses may or may not end with a slash.
    paths = {path, f"{path.removesuffix('/')}/"}
    return Redirect.objects.filter(site=site, old_path__in=paths).values_list("new_path", flat=True).first()


def _locked(redirect: Redirect) -> Redirect:
    return Redirect.objects.select_for_update().get(pk=redirect.pk)
