"""All operations on posts and placements, as `tenancy/lifecycle.py` has all operations on sites.

The admin, the importer and the demo write posts and placements only with these functions. Each function checks the
permission of `by` and makes its change in one transaction. `by` is a user, or None for the operator on the command
line.

Each transaction locks the post first and then its placements. So an author cannot edit a draft while an editor
publishes it, and two transactions do not deadlock.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.core.files import File
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from blogs import markdown, permissions, redirects
from blogs.models import Author, Image, Placement, Post, Tag
from blogs.models.posts import AUTHOR_SLUG_LENGTH
from blogs.permissions import Actor
from blogs.slugs import free_slug, slug_from

# Readers see a change of one of these fields as an update of the post.
TEXT_FIELDS = frozenset({"title", "excerpt", "body"})
MAX_TAGS = 50  # of a post that a user saves; imports may have more
PLACEMENT_FIELDS = {"slug", "published_at", "pinned"}


class Conflict(Exception):
    """Another user saved the row after the caller read it. Nothing was written.

    `stored` is the current row. If it is a post, `saved_by` and `saved_at` describe the other edit.
    """

    def __init__(self, stored: Post | Placement) -> None:
        super().__init__(f"“{stored}” has been changed since it was read.")
        self.stored = stored


# -- posts -------------------------------------------------------------------------------------------------------------


def create_post(
    post: Post,
    *,
    by: Actor,
    authors: list[Author] | None = None,
    tags: Mapping[str, str] | None = None,
    new_cover: "File[bytes] | None" = None,
) -> None:
    """Store a new post. `tags` maps slugs to names, and missing tags are created. `new_cover` is stored as its cover.

    Sets `created_by` of the post to `by`, unless `by` is None. Raises ValidationError, and PermissionDenied unless `by`
    is an author of its home.
    """
    permissions.require(permissions.is_author_of_home, by, post)
    if by is not None:
        post.created_by = _user(by)
    validate_number_of_tags(len(tags or {}), by=by, present=0)
    with transaction.atomic():
        _save(post, by=by, new_cover=new_cover)
        post.authors.set(authors or [])
        post.tags.set(tags_named(tags or {}))


def edit_post(post: Post, changes: Mapping[str, Any], *, by: Actor, version: int) -> Post:
    """Write `changes` and nothing else to the stored post, and return it.

    `changes` maps fields of `Post.CONTENT_FIELDS`, "home" and "new_cover" to values of the types that `create_post`
    takes. `version` is the version that the caller read. Raises Conflict if the stored version differs,
    PermissionDenied unless `by` may edit the post, Post.DoesNotExist and ValidationError.
    """
    _require_names(changes, {*Post.CONTENT_FIELDS, "home", "new_cover"})
    with transaction.atomic():
        stored = _locked(post)
        permissions.require(permissions.can_edit_post, by, stored)
        if stored.version != version:
            raise Conflict(stored)
        if any(getattr(stored, name) != changes[name] for name in TEXT_FIELDS & changes.keys()):
            stored.updated_at = timezone.now()
        for name in changes.keys() - {"authors", "new_cover", "tags"}:
            setattr(stored, name, changes[name])
        stored.version += 1
        _save(stored, by=by, new_cover=changes.get("new_cover"))
        if "authors" in changes:
            stored.authors.set(changes["authors"])
        if "tags" in changes:
            validate_number_of_tags(len(changes["tags"]), by=by, present=stored.tags.count())
            stored.tags.set(tags_named(changes["tags"]))
    return stored


def delete_post(post: Post, *, by: Actor) -> None:
    """Delete the post with its placements. Raises PermissionDenied unless `by` may edit it, and Post.DoesNotExist."""
    with transaction.atomic():
        stored = _locked(post)
        permissions.require(permissions.can_edit_post, by, stored)
        stored.delete()


def validate_post(post: Post, *, by: Actor, new_cover: "File[Any] | None" = None) -> None:
    """Raises ValidationError, by field, for rules that involve several fields or the user."""
    errors: dict[str, str] = {}
    if post.cover and not new_cover and post.cover.site_id != post.home_id:
        errors["cover"] = (
            f"This image belongs to another site. Choose an image of {post.home.domain}, the home of the post."
        )
    # The importer (`by` is None) may leave out the alt text, because archives often have none.
    if (post.cover or new_cover) and not post.cover_alt and by is not None:
        errors["cover_alt"] = "Describe the cover for readers who cannot see it."
    stored_home = Post.objects.filter(pk=post.pk).values_list("home", flat=True).first()
    if stored_home not in (None, post.home_id):
        if by is not None and not permissions.can_move_post.test(by, post):
            errors["home"] = f"Only editors of {post.home} can move a published post to this site."
        elif _shows_images_of(stored_home, post):
            errors["home"] = (
                "The text shows images of the current home. Upload them to the new home and change their addresses."
            )
    if errors:
        raise ValidationError(errors)


def _shows_images_of(site_id: int | None, post: Post) -> bool:
    try:
        names = markdown.media_names(post.body)
    except markdown.TooLarge as error:
        raise ValidationError({"body": str(error)}) from error
    return Image.objects.filter(name__in=names, site=site_id).exists()


def _locked(post: Post) -> Post:
    """The stored post, locked until the transaction ends. Raises Post.DoesNotExist."""
    return Post.objects.select_for_update().get(pk=post.pk)


def _save(post: Post, *, by: Actor, new_cover: "File[Any] | None") -> None:
    validate_post(post, by=by, new_cover=new_cover)
    post.clean_fields(exclude=["body_html", "cover", "created_by", "home", "saved_by", "summary"])
    if new_cover:
        image = Image(site=post.home, file=new_cover, title=post.title)
        image.save()
        post.cover = image
    post.saved_by, post.saved_at = _user(by), timezone.now()
    try:
        post.save()
    except markdown.TooLarge as error:
        raise ValidationError({"body": str(error)}) from error


def _require_names(changes: Mapping[str, Any], allowed: set[str]) -> None:
    if unknown := changes.keys() - allowed:
        raise TypeError(f"An edit cannot change these fields: {', '.join(sorted(unknown))}.")


def _user(by: Actor) -> User | None:
    return by if isinstance(by, User) else None


# -- tags and authors --------------------------------------------------------------------------------------------------


def validate_number_of_tags(number: int, *, by: Actor, present: int) -> None:
    """Raises ValidationError for more than MAX_TAGS tags. A post that already has more may keep as many."""
    if by is not None and number > max(MAX_TAGS, present):
        raise ValidationError(f"A post can have at most {MAX_TAGS} tags, but this one has {number}. Remove some tags.")


def tags_named(names: Mapping[str, str]) -> list[Tag]:
    """Return the tags with these slugs, and create missing tags with the given names. All sites share tags by slug."""
    known = {tag.slug: tag for tag in Tag.objects.filter(slug__in=names)}
    # Sort the slugs, so that two transactions that create the same tags do not deadlock.
    for slug in sorted(names.keys() - known.keys()):
        known[slug] = Tag.objects.get_or_create(slug=slug, defaults={"name": names[slug]})[0]
    return list(known.values())


def create_author(author: Author, *, by: Actor) -> None:
    """Store a new author. An author without a slug gets a free slug made from the name.

    Raises PermissionDenied unless `by` is an editor of a site.
    """
    permissions.require(permissions.can_create_author, by)
    author.created_by = _user(by)
    if not author.slug:
        wanted = slug_from(author.name, AUTHOR_SLUG_LENGTH) or "author"
        author.slug = free_slug(wanted, Author.objects.all(), AUTHOR_SLUG_LENGTH)
    author.full_clean()
    author.save()


# -- placements --------------------------------------------------------------------------------------------------------


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
        post = _locked(post)
        for placement in new:
            placement.post = post  # the home in memory may differ from the stored home
        placements = Placement.objects.select_for_update(of=["self"]).select_related("post", "site")
        stored = {edit.placement.pk: placements.get(pk=edit.placement.pk) for edit in (*edited, *removed)}
        old_paths = {pk: row.get_absolute_url() for pk, row in stored.items() if row.is_live}
        for edit in (*edited, *removed):
            _check_and_apply(edit, stored[edit.placement.pk], by=by)
        for placement in new:
            permissions.require(permissions.can_place, by, placement)

        for edit in removed:
            stored[edit.placement.pk].delete()
        for edit in edited:
            _write_edit(stored[edit.placement.pk], edit.changes, old_path=old_paths.get(edit.placement.pk))
        for placement in new:
            placement.full_clean()
            placement.save()
    return [stored[edit.placement.pk] for edit in edited]


def _check_and_apply(edit: PlacementEdit, row: Placement, *, by: Actor) -> None:
    """Check the permission for the stored row and for the changed row. The changes are made in memory only."""
    _require_names(edit.changes, PLACEMENT_FIELDS)
    permissions.require(permissions.can_change_placement, by, row)
    # An edit conflicts with other changes of the same fields, and a removal conflicts with all other changes.
    relevant = edit.changes or edit.seen
    if any(getattr(row, name) != value for name, value in edit.seen.items() if name in relevant):
        raise Conflict(row)
    for name, value in edit.changes.items():
        setattr(row, name, value)
    permissions.require(permissions.can_change_placement, by, row)


def _write_edit(row: Placement, changes: Mapping[str, Any], *, old_path: str | None) -> None:
    """Store the changed row. `old_path` is the address that readers may know; it redirects to a new address."""
    # Validate only changed fields: a new rule that another field violates must not block the edit.
    row.full_clean(exclude=[field.name for field in row._meta.fields if field.name not in changes])
    row.save()
    if old_path not in (None, row.get_absolute_url()):
        redirects.moved(row.site, old_path=old_path, new_path=row.get_absolute_url())


def place(*placements: Placement, by: Actor) -> None:
    """Store new placements of one post in one transaction. Raises the same exceptions as `arrange`."""
    arrange(placements[0].post, new=placements, by=by)


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
    """Delete the placement but not the post. Raises the same exceptions as `arrange`."""
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
