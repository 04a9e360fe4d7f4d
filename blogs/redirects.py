"""Redirects from old to new addresses of a site (django.contrib.redirects)."""

import re

from django.contrib.redirects.models import Redirect
from django.contrib.sites.models import Site
from django.core.exceptions import ValidationError
from django.db import transaction

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


@transaction.atomic
def moved(site: Site, *, old_path: str, new_path: str) -> None:
    """Redirect `old_path` of the site to `new_path`. Existing redirects to `old_path` then lead to `new_path`."""
    redirects = Redirect.objects.filter(site=site)
    redirects.filter(old_path=new_path).delete()
    redirects.filter(new_path=old_path).update(new_path=new_path)
    Redirect.objects.update_or_create(site=site, old_path=old_path, defaults={"new_path": new_path})


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
