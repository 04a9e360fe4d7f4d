"""Changes of redirects that follow from changes of posts. `blogs.publishing` and the importer announce them here."""

from collections.abc import Collection, Iterable

from django.contrib.sites.models import Site
from django.db.models import Q
from django.utils.encoding import iri_to_uri

from blogs.models import Placement, Redirect
from blogs.paths import old_path_key, public_path, readable, target_key


def moved(site: Site, *, old_path: str, new_path: str) -> None:
    """Redirect `old_path` of the site to `new_path`. Existing redirects to `old_path` then lead to `new_path`."""
    moves = Moves(site, [old_path, new_path])
    moves.add(old_path, new_path)
    moves.save()


def ended(placements: Iterable[Placement]) -> None:
    """Remember that the addresses of these placements, which are about to be deleted, are gone on purpose.

    These are addresses that readers may know: of a live placement, and of a draft that was live before. Redirects to
    them then have no target either.
    """
    for placement in placements:
        slugs = {placement.slug} if placement.is_live else set()
        former = placement.last_live_slug
        if former == placement.slug or (former and not Placement.objects.on(placement.site).at(former).exists()):
            slugs.add(former)
        if slugs:
            paths = [public_path("post", slug) for slug in slugs]
            moves = Moves(placement.site, paths)
            for path in paths:
                moves.add(path, "")
            moves.save()


def taken_again(placements: Iterable[Placement]) -> None:
    """Forget that the addresses of these published or scheduled placements were gone."""
    paths: dict[int, list[str]] = {}
    for placement in placements:
        if placement.published_at:
            paths.setdefault(placement.site_id, []).append(old_path_key(placement.get_absolute_url()))
    for site_id, keys in paths.items():
        Redirect.objects.on(site_id).filter(old_path__in=keys, new_path="").delete()


class Moves:
    """Redirects of one site that change together, with a fixed number of queries.

    `paths` are all old and new paths of the later calls of `add`.
    """

    def __init__(self, site: Site, paths: Collection[str]) -> None:
        self._site = site
        # A text in PostgreSQL cannot contain NUL.
        keys = {key for path in paths if "\0" not in (key := old_path_key(path))}
        stored = Redirect.objects.filter(Q(old_path__in=keys) | Q(new_path_key__in=keys), site=site)
        self._stored = {redirect.old_path: redirect for redirect in stored}
        self._targets = {path: redirect.new_path for path, redirect in self._stored.items()}
        self._sources: dict[str, set[str]] = {}  # target key → old paths
        for redirect in stored:
            self._sources.setdefault(redirect.new_path_key, set()).add(redirect.old_path)

    def target(self, path: str) -> str | None:
        """The path or URL to which one of `paths` redirects. None if it is gone or has no redirect."""
        target = self._targets.get(old_path_key(path))
        return iri_to_uri(target) if target else None

    def add(self, old_path: str, new_path: str) -> None:
        """Redirect `old_path` to `new_path`, or to nothing if it is empty. Redirects to `old_path` follow."""
        new_path = readable(new_path)
        old, new = old_path_key(old_path), target_key(new_path)
        self._targets.pop(new, None)
        if old == new:  # the address has only another spelling now
            return
        following = {path for path in self._sources.pop(old, ()) if target_key(self._targets.get(path, "")) == old}
        for path in following:
            self._targets[path] = new_path
        self._targets[old] = new_path
        self._sources.setdefault(new, set()).update(following, {old})

    def save(self) -> None:
        """Write the changes. The caller saves the placement that has moved, which announces the change."""
        obsolete = [redirect.pk for path, redirect in self._stored.items() if path not in self._targets]
        if obsolete:
            Redirect.objects.on(self._site).filter(pk__in=obsolete).delete()
        changed = [
            Redirect(site=self._site, old_path=path, new_path=target).fill_keys()
            for path, target in self._targets.items()
            if path not in self._stored or self._stored[path].new_path != target
        ]
        # Another transaction may have added a redirect for the same path since `__init__`.
        Redirect.objects.bulk_create(
            changed,
            update_conflicts=True,
            unique_fields=["site", "old_path"],
            update_fields=["new_path", "new_path_key"],
        )
