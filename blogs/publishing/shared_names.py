"""Gives a post the tags and authors of each of its sites.

A post has tags and authors of its home and of every site on which it is placed. Their slugs are equal on all sites, and
each site has its own names. Editors choose those of the home; this module finds or creates the others. Each function
sends a fixed number of queries.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from django.db import IntegrityError

from blogs.models import Author, Post, Tag

Names = Mapping[str, str]  # slug → name
# All transactions write in this order, so that two of them do not deadlock.
RELATIONS = ("tags", "authors")


class Sites(NamedTuple):
    """The sites of a post: its home, and the sites on which it is placed, including the home."""

    home: int
    all: Collection[int]


class _Row(NamedTuple):
    pk: int
    name: str


def names_on(relation: str, sites: Mapping[int, int]) -> dict[int, Names]:
    """The slugs and names of the tags or authors that each post has on a site. `sites` maps posts to sites."""
    found: dict[int, dict[str, str]] = {post: {} for post in sites}
    columns = ("pk", *(f"{relation}__{column}" for column in ("site", "slug", "name")))
    for post, site, slug, name in Post.objects.filter(pk__in=sites).values_list(*columns):
        if site == sites[post]:
            found[post][slug] = name
    return dict(found)


def sites_of_posts(posts: Iterable[int]) -> dict[int, Sites]:
    """The sites of each post."""
    found: dict[int, Sites] = {}
    for post, home, placed_on in Post.objects.filter(pk__in=list(posts)).values_list("pk", "home", "placements__site"):
        found[post] = Sites(home, {home, *(found[post].all if post in found else ()), placed_on} - {None})
    return found


def keep_in_step(posts: Iterable[int]) -> None:
    """Give the posts, on each of their sites, the tags and authors that they have at home."""
    sites = sites_of_posts(posts)
    for relation in RELATIONS:
        assign(relation, names_on(relation, {post: at.home for post, at in sites.items()}), sites)


def assign(
    relation: str, names: Mapping[int, Names], sites: Mapping[int, Sites], *, former_home: int | None = None
) -> None:
    """Give each post the tags or authors with these slugs on each of its sites, and no others.

    `names` and `sites` map posts. A row that a site does not have is created with the name that the home of the post
    uses, or with the given name if the home has no such row either. Homes keep rows that no post uses any longer.
    Raises IntegrityError if another transaction deletes a row at the same moment.
    """
    field: Any = Post._meta.get_field(relation)
    through, column = field.remote_field.through, field.m2m_reverse_name()
    rows = _rows(field.related_model, names, sites)
    wanted = {
        (post, rows[site, slug].pk) for post, slugs in names.items() for slug in slugs for site in sites[post].all
    }
    links = through.objects.filter(post__in=names)
    present = {(post, row): pk for pk, post, row in links.values_list("pk", "post", column)}
    stale = present.keys() - wanted
    if stale:
        through.objects.filter(pk__in=[present[link] for link in stale]).delete()
    new = [through(post_id=post, **{column: row}) for post, row in sorted(wanted - present.keys())]
    through.objects.bulk_create(new, ignore_conflicts=True)
    if stale:
        delete_unused(
            field.related_model,
            {row for _, row in stale},
            spared={at.home for at in sites.values()} | {former_home} - {None},
        )


def delete_unused(model: type[Tag] | type[Author], rows: Collection[int], *, spared: Collection[int | None]) -> None:
    """Delete those of `rows` that no post uses and that are copies, except on the sites `spared`.

    They were created for a post of another site, and this post has left. Their names must not remain.
    """
    model._default_manager.filter(pk__in=rows, posts=None, is_copy=True).exclude(site__in=spared).delete()


def _rows(model: Any, names: Mapping[int, Names], sites: Mapping[int, Sites]) -> dict[tuple[int, str], _Row]:
    """The rows with these slugs on these sites, by site and slug. Missing rows are created."""
    slugs = {slug for given in names.values() for slug in given}
    if not slugs:
        return {}
    stored = model.objects.filter(slug__in=slugs, site__in={site for at in sites.values() for site in at.all})

    def read() -> dict[tuple[int, str], _Row]:
        return {
            (site, slug): _Row(pk, name) for site, slug, pk, name in stored.values_list("site", "slug", "pk", "name")
        }

    known = read()
    missing: dict[tuple[int, str], tuple[str, bool]] = {}  # name, whether it is a copy
    for post, given in names.items():
        home = sites[post].home
        for slug, name in given.items():
            used = known[home, slug].name if (home, slug) in known else name
            for site in sites[post].all:
                if (site, slug) not in known and (site, slug) not in missing:
                    missing[site, slug] = used, site != home
    if not missing:
        return known
    # Sorted, so that two transactions that create the same rows do not deadlock.
    created = [
        model(site_id=site, slug=slug, name=name, is_copy=is_copy)
        for (site, slug), (name, is_copy) in sorted(missing.items())
    ]
    model.objects.bulk_create(created, ignore_conflicts=True)
    found = read()
    if deleted := known.keys() - found.keys():
        # The caller tries again, as after any other change at the same moment.
        raise IntegrityError(f"These rows were deleted at the same moment: {sorted(deleted)}.")
    return found
