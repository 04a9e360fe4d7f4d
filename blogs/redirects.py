"""Old addresses of a site that lead to new ones: `Redirect` of django.contrib.redirects, kept without chains."""

from django.contrib.redirects.models import Redirect
from django.contrib.sites.models import Site
from django.db import transaction


@transaction.atomic
def moved(site: Site, *, old_path: str, new_path: str) -> None:
    """Whoever asks the site for `old_path` is sent to `new_path`; what led to the old path follows."""
    redirects = Redirect.objects.filter(site=site)
    redirects.filter(old_path=new_path).delete()
    redirects.filter(new_path=old_path).update(new_path=new_path)
    Redirect.objects.update_or_create(site=site, old_path=old_path, defaults={"new_path": new_path})


def target(site: Site, path: str) -> str | None:
    """Where the site sends whoever asks for `path`; None for a path that never moved."""
    if "\0" in path:  # which PostgreSQL cannot hold in a text
        return None
    # An address of old is found with and without its last slash: links from outside have both.
    paths = {path, f"{path.removesuffix('/')}/"}
    return Redirect.objects.filter(site=site, old_path__in=paths).values_list("new_path", flat=True).first()
