"""Places posts on sites, publishes and removes them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.roles import Actor
from blogs import permissions, redirects
from blogs.models import Placement, Post
from blogs.paths import public_path
from blogs.publishing.rows import Conflict, locked, require_fields
from blogs.publishing.shared_names import keep_in_step

PLACEMENT_FIELDS = {"slug", "published_at", "pinned"}


class PlacementEdit(NamedTuple):
    """`changes` maps slug, published_at and pinned to new values. `seen` maps fields to values that the caller read."""

    placement: Placement
    changes: Mapping[str, Any]
    seen: Mapping[str, Any] = {}


def arrange(
    post: Post,
    *,
    by: Actor,
    new: Sequence[Placement] = (),
    edited: Sequence[PlacementEdit] = (),
    removed: Sequence[PlacementEdit] = (),
) -> list[Placement]:
    """Store, edit and remove placements of the post in one transaction. Returns the edited placements.

    Checks all permissions before the first write, because a write can publish a draft, and authors lose their
    permissions on a published draft. A new placement without a slug gets a slug made from the title. Raises
    PermissionDenied, Conflict if a stored value differs from the value in `seen`, ObjectDoesNotExist if a row no longer
    exists, and ValidationError.
    """
    with transaction.atomic():
        post = locked(post)
        for placement in new:
            placement.post = post  # the home in memory may differ from the stored home
        placements = Placement.objects.select_for_update(of=["self"]).select_related("post", "site")
        stored = {edit.placement.pk: placements.get(pk=edit.placement.pk) for edit in (*edited, *removed)}
        live_at = {pk: row.slug for pk, row in stored.items() if row.is_live}
        for edit in (*edited, *removed):
            _check_and_apply(edit, stored[edit.placement.pk], by=by)
        for placement in new:
            permissions.require(permissions.can_place, by, placement)

        redirects.ended(stored[edit.placement.pk] for edit in removed)
        for edit in removed:
            stored[edit.placement.pk].delete()
        for edit in edited:
            _write_edit(stored[edit.placement.pk], edit.changes, live_at=live_at.get(edit.placement.pk))
        for placement in new:
            placement.full_clean()
            placement.save()
        redirects.taken_again(new)
        if any(row.site_id != post.home_id for row in (*new, *(stored[edit.placement.pk] for edit in removed))):
            keep_in_step([post.pk])
    return [stored[edit.placement.pk] for edit in edited]


def _check_and_apply(edit: PlacementEdit, row: Placement, *, by: Actor) -> None:
    """Check the permission for the stored row and for the changed row. The changes are made in memory only."""
    require_fields(edit.changes, PLACEMENT_FIELDS)
    permissions.require(permissions.can_change_placement, by, row)
    # An edit conflicts with other changes of the same fields, and a removal conflicts with all other changes.
    relevant = edit.changes or edit.seen
    if any(getattr(row, name) != value for name, value in edit.seen.items() if name in relevant):
        raise Conflict(row)
    for name, value in edit.changes.items():
        setattr(row, name, value)
    permissions.require(permissions.can_change_placement, by, row)


def _write_edit(row: Placement, changes: Mapping[str, Any], *, live_at: str | None) -> None:
    """Store the changed row. `live_at` is the slug that readers may know; its address redirects to a new one."""
    # Validate only changed fields: a new rule that another field violates must not block the edit.
    row.full_clean(exclude=[field.name for field in row._meta.fields if field.name not in changes])
    if live_at is not None and not row.is_live:
        row.last_live_slug = live_at
    row.save()
    if changes.keys() & {"slug", "published_at"}:
        redirects.taken_again([row])
    if live_at not in (None, row.slug):
        redirects.moved(row.site, old_path=public_path("post", live_at), new_path=row.get_absolute_url())


def place(*placements: Placement, by: Actor) -> None:
    """Store new placements of one post in one transaction. Raises the same exceptions as `arrange`."""
    arrange(placements[0].post, new=placements, by=by)


def place_new_posts(placements: Sequence[Placement], *, by: Actor) -> None:
    """Store the first placements of posts that the current transaction has created.

    Sends a fixed number of queries, and one for each placement without a slug. Raises PermissionDenied and
    ValidationError.
    """
    given: dict[int, set[str]] = defaultdict(set)
    for placement in placements:
        permissions.require(permissions.can_place, by, placement)
        placement.clean_fields(exclude=["post", "site"])
        placement.fill_slug(given[placement.site_id])
        given[placement.site_id].add(placement.slug)
    # No other transaction sees these posts, so only the slugs can be taken.
    slugs = Placement.objects.filter(
        site__in={placement.site_id for placement in placements}, slug__in=[placement.slug for placement in placements]
    )
    taken = set(slugs.values_list("site", "slug"))
    for placement in placements:
        if (placement.site_id, placement.slug) in taken:
            raise placement.slug_is_taken()
    Placement.objects.bulk_create(placements)
    redirects.taken_again(placements)


def change_placement(
    placement: Placement, changes: Mapping[str, Any], *, by: Actor, seen: Mapping[str, Any] | None = None
) -> Placement:
    """Write `changes` to the stored placement, and return it. Raises the same exceptions as `arrange`."""
    edit = PlacementEdit(placement, changes, seen or {})
    return arrange(Post(pk=placement.post_id), edited=[edit], by=by)[0]


def publish(placement: Placement, *, by: Actor, at: datetime | None = None) -> Placement:
    """Publish the post on the site of the placement, now or at the time `at`. Raises the same exceptions as `arrange`.

    Without `at`, a live placement keeps its publication time.
    """
    if at is None and placement.is_live:
        return placement
    return change_placement(placement, {"published_at": at or timezone.now()}, by=by)


def unpublish(placement: Placement, *, by: Actor) -> Placement:
    """Make the placement a draft again. Raises the same exceptions as `arrange`."""
    return change_placement(placement, {"published_at": None}, by=by)


def remove(placement: Placement, *, by: Actor) -> None:
    """Delete the placement but not the post. If it was live, its address responds with 410 from now on.

    Raises the same exceptions as `arrange`.
    """
    arrange(Post(pk=placement.post_id), removed=[PlacementEdit(placement, {})], by=by)


def validate_placement(placement: Placement, *, by: Actor) -> None:
    """Raises ValidationError, by field, if `by` may not store this placement. The post may be unsaved."""
    if by is None or permissions.is_editor_of_site.test(by, placement):
        return
    if not permissions.is_at_home.test(by, placement):
        raise ValidationError(
            {"site": f"Only editors of {placement.site} can place a post of another site on this site."}
        )
    if not permissions.is_unpublished.test(by, placement):
        field = "published_at" if placement.published_at else "pinned"
        raise ValidationError(
            {field: f"Only editors of {placement.site} can publish, schedule or pin posts on this site."}
        )
