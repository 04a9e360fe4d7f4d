"""Creates, edits and deletes the tags and authors of a site."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.roles import Actor
from blogs import permissions
from blogs.models import Author, Post, Tag
from blogs.models.posts import AUTHOR_SLUG_LENGTH, PostQuerySet
from blogs.publishing.rows import require_fields, user_of
from blogs.publishing.shared_names import delete_unused
from blogs.slugs import free_slug, slug_from, tag_slug

MAX_TAGS = 50  # of a post that a user saves; imports may have more


def validate_number_of_tags(number: int, *, by: Actor, present: int) -> None:
    """Raises ValidationError for more than MAX_TAGS tags. A post that already has more may keep as many."""
    if by is not None and number > max(MAX_TAGS, present):
        raise ValidationError(f"A post can have at most {MAX_TAGS} tags, but this one has {number}. Remove some tags.")


def validate_new_tag(tag: Tag) -> None:
    """Set the slug of a new tag. Raises ValidationError if the name is invalid or the site has a tag with this slug."""
    try:
        tag.slug = tag_slug(tag.name)
    except ValidationError as error:
        raise ValidationError({"name": error}) from error
    existing = Tag.objects.filter(site=tag.site_id, slug=tag.slug).first()
    if existing:
        raise ValidationError({"name": f"{tag.site} already has the tag “{existing}” at /tag/{tag.slug}/. Rename it."})


def validate_tag_name(tag: Tag) -> None:
    """Raises ValidationError if another tag of the site has the name: posts could no longer name one of the two."""
    other = Tag.objects.filter(site=tag.site_id, name__iexact=tag.name).exclude(pk=tag.pk).first()
    if other:
        raise ValidationError(
            {"name": f"{tag.site} already has the tag “{other}” at /tag/{other.slug}/. Choose another name."}
        )


def create_tag(tag: Tag, *, by: Actor) -> None:
    """Store a new tag. Raises PermissionDenied unless `by` is an editor of its site, and ValidationError."""
    permissions.require(permissions.can_edit_name, by, tag)
    validate_new_tag(tag)
    validate_tag_name(tag)
    tag.full_clean()
    tag.save()


def rename_tag(tag: Tag, name: str, *, by: Actor) -> Tag:
    """Rename the stored tag and return it. Its address and the names that other sites use stay.

    Raises PermissionDenied unless `by` is an editor of its site, ValidationError and Tag.DoesNotExist.
    """
    with transaction.atomic():
        stored = Tag.objects.select_for_update().get(pk=tag.pk)
        permissions.require(permissions.can_edit_name, by, stored)
        stored.name, stored.is_copy = name, False
        stored.clean_fields()
        validate_tag_name(stored)
        stored.save()
    return stored


def delete_tag(tag: Tag, *, by: Actor) -> None:
    """Delete the tag, and remove it from the posts of its site, on all sites that show them.

    Raises PermissionDenied unless `by` is an editor of its site, and ValidationError if a post of another site has it.
    """
    with transaction.atomic():
        # Posts are locked first, as in all transactions. A placement of one of them waits, and then finds no tag.
        list(Post.objects.filter(tags=tag).order_by("pk").select_for_update(of=["self"]).values_list("pk"))
        stored = Tag.objects.select_for_update().get(pk=tag.pk)
        permissions.require(permissions.can_edit_name, by, stored)
        _require_deletable(stored)
        elsewhere = Post.tags.through.objects.filter(post__home=stored.site, post__tags=stored, tag__slug=stored.slug)
        links = dict(elsewhere.exclude(tag=stored).values_list("pk", "tag"))
        Post.tags.through.objects.filter(pk__in=links).delete()
        stored.delete()
        delete_unused(Tag, set(links.values()), spared=())


def create_author(author: Author, *, by: Actor) -> None:
    """Store a new author. An author without a slug gets a free slug made from the name.

    Raises PermissionDenied unless `by` is an editor of its site, and ValidationError.
    """
    permissions.require(permissions.can_edit_name, by, author)
    if author.user_id is not None:
        permissions.require(permissions.can_link_account, by, author)
    author.created_by = user_of(by)
    if not author.slug:
        wanted = slug_from(author.name, AUTHOR_SLUG_LENGTH) or "author"
        author.slug = free_slug(wanted, Author.objects.filter(site=author.site_id), AUTHOR_SLUG_LENGTH)
    author.full_clean()
    author.save()


def create_authors(authors: Sequence[Author], *, by: Actor) -> None:
    """Store new authors without accounts, whose slugs are free, with one query.

    Raises PermissionDenied unless `by` is an editor of their sites, ValidationError, and IntegrityError if a slug is
    taken.
    """
    for author in authors:
        permissions.require(permissions.can_edit_name, by, author)
        author.created_by = user_of(by)
        author.clean_fields(exclude=["created_by", "site", "user"])
    Author.objects.bulk_create(authors)


def edit_author(author: Author, changes: Mapping[str, Any], *, by: Actor) -> Author:
    """Write `changes` of name, bio and user to the stored author, and return it. Authors of other sites stay.

    Raises PermissionDenied unless `by` is an editor of its site, or a superuser for `user`; ValidationError and
    Author.DoesNotExist.
    """
    require_fields(changes, {"bio", "name", "user"})
    with transaction.atomic():
        stored = Author.objects.select_for_update(of=["self"]).get(pk=author.pk)
        permissions.require(permissions.can_edit_name, by, stored)
        if "user" in changes:
            permissions.require(permissions.can_link_account, by, stored)
        stored.is_copy = False
        for name, value in changes.items():
            setattr(stored, name, value)
        stored.full_clean(exclude={field.name for field in stored._meta.fields} - {*changes, "site"})
        stored.save()
    return stored


def delete_author(author: Author, *, by: Actor) -> None:
    """Delete the author.

    Raises PermissionDenied unless `by` is an editor of its site, and ValidationError if a post names the author.
    """
    with transaction.atomic():
        stored = Author.objects.select_for_update(of=["self"]).get(pk=author.pk)
        permissions.require(permissions.can_edit_name, by, stored)
        _require_deletable(stored)
        stored.delete()


def blocking_posts(row: Tag | Author) -> PostQuerySet:
    """The posts because of which a tag or an author cannot be deleted.

    An author stays while a post names it. A tag stays while a post of another site has it, because the editors of that
    site choose the tags of the post.
    """
    if isinstance(row, Author):
        return Post.objects.filter(authors=row)
    return Post.objects.filter(tags=row).exclude(home=row.site_id)


def _require_deletable(row: Tag | Author) -> None:
    if blocking_posts(row).exists():
        rule = (
            "Posts name this author. Choose other authors in these posts first."
            if isinstance(row, Author)
            else "Posts of another site have this tag. Rename the tag, or remove these posts from the site first."
        )
        raise ValidationError(f"“{row}” cannot be deleted. {rule}")
