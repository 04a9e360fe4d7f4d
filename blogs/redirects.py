"""Redirects from old addresses of a site to new ones (django.contrib.redirects), never through a third address."""

from django.contrib.redirects.models import Redirect
from django.contrib.sites.models import Site
from django.db import transaction


@transaction.atomic
def moved(site: Site, *, old_path: str, new_path: str) -> None:
    """Redirect `old_path` of the site to `new_path`, and redirects that lead to `old_path` as well."""
    redirects = Redirect.objects.filter(site=site)
    redirects.filter(old_path=new_path).delete()
    redirects.filter(new_path=old_path).update(new_path=new_path)
    Redirect.objects.update_or_create(site=site, old_path=old_path, defaults={"new_path": new_path})


def target(site: Site, path: str) -> str | None:
    """The address to which the site redirects `path`, or None."""
    if "\0" in path:  # PostgreSQL text cannot hold it
        return None
    # Other sites link to old addresses with and without the last slash.
    paths = {path, f"{path.removesuffix('/')}/"}
    return Redirect.objects.filter(site=site, old_path__in=paths).values_list("new_path", flat=True).first()
