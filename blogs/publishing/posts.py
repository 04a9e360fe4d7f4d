"""Creates, edits and deletes posts."""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.core.files import File
from django.db import transaction
from django.utils import timezone

from accounts.roles import Actor
from blogs import markdown, permissions, redirects
from blogs.models import Author, Image, MediaFile, Placement, Post
from blogs.publishing.files import create_file
from blogs.publishing.names import validate_number_of_tags
from blogs.publishing.placements import place_new_posts
from blogs.publishing.rows import Conflict, locked, require_fields, user_of
from blogs.publishing.shared_names import RELATIONS, Names, Sites, assign, names_on, sites_of_posts

# Readers see a change of one of these fields as an update of the post.
TEXT_FIELDS = frozenset({"title", "excerpt", "body"})
# An import knows them from the old blog of the post. Without `updated_at`, an edit of a TEXT_FIELD sets it to now.
IMPORTED_FIELDS = frozenset({"feed_id", "updated_at"})


class NewPost(NamedTuple):
    """A post that is not stored yet, and the rows to store with it.

    `authors` are authors of its home. `tags` maps slugs to names; missing tags are created. `new_cover` is stored as
    its cover.
    """

    post: Post
    authors: Collection[Author] = ()
    tags: Names = MappingProxyType({})
    placements: Sequence[Placement] = ()
    new_cover: "File[bytes] | None" = None


def create_post(
    post: Post,
    *,
    by: Actor,
    authors: Collection[Author] = (),
    tags: Names | None = None,
    new_cover: "File[bytes] | None" = None,
) -> None:
    """Store a new post without placements. For the arguments see `NewPost`, and for the errors `create_posts`."""
    create_posts([NewPost(post, authors, tags or {}, new_cover=new_cover)], by=by)


def create_posts(new: Sequence[NewPost], *, by: Actor) -> None:
    """Store new posts with their placements in one transaction, so that either all are stored or none.

    Sets `created_by` of each post to `by`, unless `by` is None. Raises ValidationError, and PermissionDenied unless
    `by` is an author of the home of each post and may store each placement.
    """
    for each in new:
        permissions.require(permissions.is_author_of_home, by, each.post)
        if by is not None:
            each.post.created_by = user_of(by)
        validate_number_of_tags(len(each.tags), by=by, present=0)
    with transaction.atomic():
        for each in new:
            _save(each.post, by=by, new_cover=each.new_cover, authors=each.authors)
        sites = {each.post.pk: Sites(each.post.home_id, _sites_of(each)) for each in new}
        assign("tags", {each.post.pk: each.tags for each in new if each.tags}, sites)
        assign("authors", {each.post.pk: _by_slug(each.authors) for each in new if each.authors}, sites)
        for each in new:
            for placement in each.placements:
                placement.post = each.post  # the post has a key only now
        place_new_posts([placement for each in new for placement in each.placements], by=by)


def _sites_of(new: NewPost) -> set[int]:
    return {new.post.home_id, *(placement.site_id for placement in new.placements)}


def edit_post(post: Post, changes: Mapping[str, Any], *, by: Actor, version: int) -> Post:
    """Write `changes` and nothing else to the stored post, and return it.

    `changes` maps fields of `Post.CONTENT_FIELDS`, of IMPORTED_FIELDS, "home" and "new_cover" to values of the types
    that `create_post` takes. `version` is the version that the caller read. Raises Conflict if the stored version
    differs, PermissionDenied unless `by` may edit the post, Post.DoesNotExist and ValidationError.
    """
    require_fields(changes, {*Post.CONTENT_FIELDS, *IMPORTED_FIELDS, "home", "new_cover"})
    with transaction.atomic():
        stored = locked(post)
        permissions.require(permissions.can_edit_post, by, stored)
        if stored.version != version:
            raise Conflict(stored)
        if "tags" in changes:
            present = stored.tags.filter(site=stored.home_id).count()
            validate_number_of_tags(len(changes["tags"]), by=by, present=present)
        old_home = stored.home_id
        if any(getattr(stored, name) != changes[name] for name in TEXT_FIELDS & changes.keys()):
            stored.updated_at = timezone.now()
        for name in changes.keys() - {"authors", "new_cover", "tags"}:
            setattr(stored, name, changes[name])
        stored.version += 1
        _save(stored, by=by, new_cover=changes.get("new_cover"), authors=changes.get("authors", ()))
        _write_names(stored, changes, old_home=old_home)
    return stored


def _write_names(post: Post, changes: Mapping[str, Any], *, old_home: int) -> None:
    """Write changed tags and authors, and after a change of the home also the unchanged ones, on all sites."""
    changed: dict[str, Names] = {}
    if "tags" in changes:
        changed["tags"] = changes["tags"]
    if "authors" in changes:
        changed["authors"] = _by_slug(changes["authors"])
    if post.home_id != old_home:
        changed = {**{name: names_on(name, {post.pk: old_home})[post.pk] for name in RELATIONS}, **changed}
    sites = sites_of_posts([post.pk]) if changed else {}
    for relation in RELATIONS:
        if relation in changed:
            assign(relation, {post.pk: changed[relation]}, sites, former_home=old_home)


def _by_slug(authors: Collection[Author]) -> Names:
    return {author.slug: author.name for author in authors}


def delete_post(post: Post, *, by: Actor) -> None:
    """Delete the post with its placements. The addresses at which readers may know it respond with 410 from now on.

    Raises PermissionDenied unless `by` may edit it, and Post.DoesNotExist.
    """
    with transaction.atomic():
        stored = locked(post)
        permissions.require(permissions.can_edit_post, by, stored)
        sites = sites_of_posts([stored.pk])
        if len(sites[stored.pk].all) > 1:
            for relation in RELATIONS:
                assign(relation, {stored.pk: {}}, sites)
        redirects.ended(stored.placements.select_related("site"))
        stored.delete()


def validate_post(
    post: Post, *, by: Actor, new_cover: "File[Any] | None" = None, authors: Collection[Author] = ()
) -> None:
    """Raises ValidationError, by field, for rules that involve several fields or the user.

    `authors` are the authors that are about to be stored. After a change of the home they may be authors of the stored
    home; the post then gets authors of the new home with the same slugs.
    """
    errors: dict[str, str] = {}
    if post.cover and not new_cover and post.cover.site_id != post.home_id:
        errors["cover"] = (
            f"This image belongs to another site. Choose an image of {post.home.domain}, the home of the post."
        )
    # The importer (`by` is None) may leave out the alt text, because archives often have none.
    if (post.cover or new_cover) and not post.cover_alt and by is not None:
        errors["cover_alt"] = "Describe the cover for readers who cannot see it."
    stored_home = None
    if not post._state.adding:
        stored_home = Post.objects.filter(pk=post.pk).values_list("home", flat=True).first()
    if foreign := [str(author) for author in authors if author.site_id not in (stored_home, post.home_id)]:
        errors["authors"] = (
            f"Authors of another site: {', '.join(foreign)}. Choose authors of {post.home.domain},"
            " the home of the post."
        )
    if stored_home not in (None, post.home_id):
        if by is not None and not permissions.can_move_post.test(by, post):
            errors["home"] = f"Only editors of {post.home} can move a published post to this site."
        elif _shows_files_of(stored_home, post):
            errors["home"] = (
                "The text shows images or media files of the current home. Upload them to the new home and change their"
                " addresses."
            )
    if errors:
        raise ValidationError(errors)


def _shows_files_of(site_id: int | None, post: Post) -> bool:
    try:
        names = markdown.media_names(post.body)
    except markdown.TooLarge as error:
        raise ValidationError({"body": str(error)}) from error
    return any(model._default_manager.filter(name__in=names, site=site_id).exists() for model in (Image, MediaFile))


def _save(post: Post, *, by: Actor, new_cover: "File[Any] | None", authors: Collection[Author]) -> None:
    validate_post(post, by=by, new_cover=new_cover, authors=authors)
    post.clean_fields(exclude=["body_html", "cover", "created_by", "home", "saved_by", "summary"])
    if new_cover:
        image = Image(site=post.home, file=new_cover, title=post.title)
        create_file(image, by=by)
        post.cover = image
    post.saved_by, post.saved_at = user_of(by), timezone.now()
    try:
        post.save()
    except markdown.TooLarge as error:
        raise ValidationError({"body": str(error)}) from error
