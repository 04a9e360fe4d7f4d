"""Redirects from old to new addresses of a site (django.contrib.redirects). Redirects never form a chain."""

from django.contrib.redirects.models import Redirect
from django.contrib.sites.models import Site
from django.db import transaction


@transaction.atomic
def moved(site: Site, *, old_path: str, new_path: str) -> None:
    """Redirect `old_path` of the site to `new_path`. Existing redirects to `old_path` then lead to `new_path`."""
    redirects = Redirect.objects.filter(site=site)
    redirects.filter(old_path=new_path).delete()
    redirects.filter(new_path=old_path).update(new_path=new_path)
    Redirect.objects.update_or_create(site=site, old_path=old_path, defaults={"new_path": new_path})


def target(site: Site, path: str) -> str | None:
    """The address to which the site redirects `path`, or None."""
    if "\0" in path:  # A text in PostgreSQL cannot contain NUL.
        return None
    # External links to old addresses may or may not end with a slash.
    paths = {path, f"{path.removesuffix('/')}/"}
    return Redirect.objects.filter(site=site, old_path__in=paths).values_list("new_path", flat=True).first()
