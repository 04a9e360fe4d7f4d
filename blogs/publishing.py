"""Everything that can be done to posts and placements, as `tenancy/lifecycle.py` is for sites.

Admin, importer and demo call these functions and write content in no other way. Each function checks the permission of
`by` and makes its change in one transaction. `by` is a user, or None for the operator on the command line.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files import File
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from blogs import markdown, permissions, redirects
from blogs.models import Author, Image, Placement, Post, Tag
from blogs.models.posts import AUTHOR_SLUG_LENGTH
from blogs.permissions import Actor
from blogs.slugs import free_slug, slug_from

# A change of these is an update of the post for its readers.
TEXT_FIELDS = frozenset({"title", "excerpt", "body"})


class Conflict(Exception):
    """Another user saved the row after the caller read it. Nothing was written.

    `stored` is the row as it is now, with `saved_by` and `saved_at` if it is a post. `changes` are the caller's.
    """

    def __init__(self, stored: Post | Placement, changes: Mapping[str, Any]) -> None:
        super().__init__(f"“{stored}” was changed since it was read.")
        self.stored = stored
        self.changes = changes


# -- posts -------------------------------------------------------------------------------------------------------------


def create_post(
    post: Post,
    *,
    by: Actor,
    authors: list[Author] | None = None,
    tags: Mapping[str, str] | None = None,
    new_cover: "File[bytes] | None" = None,
) -> None:
    """Store a new post. `tags` maps slugs to names; missing tags are created. `new_cover` is stored as its cover.

    Raises PermissionDenied unless `by` is an author of its home, and ValidationError.
    """
    permissions.require(permissions.is_author_of_home, by, post)
    post.created_by = post.created_by or _user(by)
    with transaction.atomic():
        _save(post, by=by, new_cover=new_cover)
        post.authors.set(authors or [])
        post.tags.set(tags_named(tags or {}))


def edit_post(post: Post, changes: Mapping[str, Any], *, by: Actor, version: int) -> Post:
    """Write `changes` and nothing else to the stored post, and return it.

    `changes` maps fields of `Post.CONTENT_FIELDS`, "home" and "new_cover" to values of the types that `create_post`
    takes. `version` is the one that the caller read. Raises Conflict if another one is stored, PermissionDenied unless
    `by` may edit the post, and ValidationError.
    """
    with transaction.atomic():
        stored = Post.objects.select_for_update().get(pk=post.pk)
        permissions.require(permissions.can_edit_post, by, stored)
        if stored.version != version:
            raise Conflict(stored, changes)
        for name in changes.keys() - {"authors", "new_cover", "tags"}:
            setattr(stored, name, changes[name])
        stored.version += 1
        if TEXT_FIELDS & changes.keys():
            stored.updated_at = timezone.now()
        _save(stored, by=by, new_cover=changes.get("new_cover"))
        if "authors" in changes:
            stored.authors.set(changes["authors"])
        if "tags" in changes:
            stored.tags.set(tags_named(changes["tags"]))
    return stored


def delete_post(post: Post, *, by: Actor) -> None:
    """Delete the post with its placements. Raises PermissionDenied unless `by` may edit it."""
    permissions.require(permissions.can_edit_post, by, post)
    post.delete()


def validate_post(post: Post, *, by: Actor, new_cover: "File[bytes] | None" = None) -> None:
    """Raises ValidationError, by field, for what no field can tell by itself."""
    errors: dict[str, str] = {}
    if post.cover and not new_cover and post.cover.site_id != post.home_id:
        errors["cover"] = f"This image belongs to another site than {post.home.domain}, the home of the post."
    # Archives often have no alt text, and must not be refused for it.
    if (post.cover or new_cover) and not post.cover_alt and by is not None:
        errors["cover_alt"] = "Describe the cover for readers who cannot see it."
    stored_home = Post.objects.filter(pk=post.pk).values_list("home", flat=True).first()
    if stored_home not in (None, post.home_id):
        if by is not None and not permissions.can_move_post.test(by, post):
            errors["home"] = f"Only editors of {post.home} can move a published post there."
        if Image.objects.filter(name__in=markdown.media_names(post.body), site=stored_home).exists():
            errors["home"] = "The text shows images of the present home. Upload them to the new home first."
    if errors:
        raise ValidationError(errors)


def _save(post: Post, *, by: Actor, new_cover: "File[bytes] | None") -> None:
    validate_post(post, by=by, new_cover=new_cover)
    if new_cover:
        image = Image(site=post.home, file=new_cover, title=post.title)
        image.save()
        post.cover = image
    post.clean_fields(exclude=["body_html", "cover", "created_by", "home", "saved_by", "summary"])
    post.saved_by, post.saved_at = _user(by), timezone.now()
    post.save()


def _user(by: Actor) -> User | None:
    return by if isinstance(by, User) else None


# -- tags and authors --------------------------------------------------------------------------------------------------


def tags_named(names: Mapping[str, str]) -> list[Tag]:
    """The tags with these slugs; a missing one is created with the name. All sites share tags by slug."""
    known = {tag.slug: tag for tag in Tag.objects.filter(slug__in=names)}
    # In one order, so that two transactions that create the same tags do not deadlock.
    for slug in sorted(names.keys() - known.keys()):
        known[slug] = Tag.objects.get_or_create(slug=slug, defaults={"name": names[slug]})[0]
    return list(known.values())


def create_author(author: Author, *, by: Actor) -> None:
    """Store a new author. Without a slug it gets a free one from the name.

    Raises PermissionDenied unless `by` is an editor of a site.
    """
    if by is not None and not permissions.can_create_author.test(by):
        raise PermissionDenied(f"{by} is an editor of no site and cannot create authors.")
    author.created_by = _user(by)
    if not author.slug:
        wanted = slug_from(author.name, AUTHOR_SLUG_LENGTH) or "author"
        author.slug = free_slug(wanted, Author.objects.all(), AUTHOR_SLUG_LENGTH)
    author.save()


# -- placements --------------------------------------------------------------------------------------------------------


def place(*placements: Placement, by: Actor) -> None:
    """Store new placements, all or none. A placement without a slug gets one from the title.

    All permissions are checked first: the first published placement ends what authors may do with their draft.
    Raises PermissionDenied unless `by` may edit the post and decides what the site shows, and ValidationError.
    """
    for placement in placements:
        permissions.require(permissions.can_place, by, placement)
    with transaction.atomic():
        for placement in placements:
            placement.full_clean()
            placement.save()


def change_placement(
    placement: Placement, changes: Mapping[str, Any], *, by: Actor, seen: Mapping[str, Any] | None = None
) -> Placement:
    """Write `changes` of slug, published_at and pinned to the stored placement, and return it.

    `seen` holds the values that the caller read for these fields. Raises Conflict if another one is stored,
    PermissionDenied unless `by` may change the placement as it is and as it becomes, and ValidationError.
    """
    with transaction.atomic():
        stored = Placement.objects.select_for_update(of=["self"]).select_related("post", "site").get(pk=placement.pk)
        permissions.require(permissions.can_change_placement, by, stored)
        if seen is not None and any(getattr(stored, name) != seen[name] for name in changes):
            raise Conflict(stored, changes)
        old_path = stored.get_absolute_url() if stored.is_live else None
        for name, value in changes.items():
            setattr(stored, name, value)
        permissions.require(permissions.can_change_placement, by, stored)
        stored.full_clean(exclude=["post", "site"])
        stored.save()
        if old_path not in (None, stored.get_absolute_url()):
            redirects.moved(stored.site, old_path=old_path, new_path=stored.get_absolute_url())
    return stored


def validate_placement(placement: Placement, *, by: Actor) -> None:
    """Raises ValidationError, by field, if `by` may not place or publish there. The post may be unsaved."""
    if by is None or permissions.is_editor_of_site.test(by, placement):
        return
    if not permissions.is_at_home.test(by, placement):
        raise ValidationError({"site": f"Only editors of {placement.site} can place a post there."})
    if not permissions.is_unpublished.test(by, placement):
        message = f"Only editors of {placement.site} can publish there. Leave this empty to save a draft."
        raise ValidationError({"published_at": message})


def publish(placement: Placement, *, by: Actor, at: datetime | None = None) -> Placement:
    """Make the post readable on the site of the placement, now or at `at`. Raises what `change_placement` raises."""
    return change_placement(placement, {"published_at": at or timezone.now()}, by=by)


def unpublish(placement: Placement, *, by: Actor) -> Placement:
    """Make the placement a draft again. Raises what `change_placement` raises."""
    return change_placement(placement, {"published_at": None}, by=by)


def remove(placement: Placement, *, by: Actor) -> None:
    """Delete the placement; the post stays. Raises PermissionDenied unless `by` may change the placement."""
    permissions.require(permissions.can_change_placement, by, placement)
    placement.delete()
