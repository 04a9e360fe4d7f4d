"""Stores, renames and deletes images and media files."""

from collections.abc import Collection
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from accounts.roles import Actor
from blogs import permissions
from blogs.models import Image, MediaFile, Post

POSTS_NAMED = 20  # in the message about files that posts show

AnyFile = TypeVar("AnyFile", Image, MediaFile)


class FileInUse(ValidationError):
    """A post shows one of the files, so they cannot be deleted. The messages name the posts that the user may see."""


def create_file(file: Image | MediaFile, *, by: Actor) -> None:
    """Store a new row with its file. Raises ValidationError, and PermissionDenied unless `by` is an author there."""
    permissions.require(permissions.can_upload_file, by, file)
    # `save` reads the whole file, so validating it here as well would double the time.
    file.clean_fields(exclude=["file", "height", "name", "site", "width"])
    file.save()


def rename_file(file: AnyFile, title: str, *, by: Actor) -> AnyFile:
    """Write the title, and return the stored row. The address of the file does not change.

    Raises ValidationError, DoesNotExist of the model, and PermissionDenied unless `by` is an editor of its site.
    """
    with transaction.atomic():
        stored = _locked(file)
        permissions.require(permissions.can_edit_file, by, stored)
        stored.title = title
        stored.clean_fields(exclude=[field.name for field in stored._meta.fields if field.name != "title"])
        stored.save(update_fields=["title"])
    return stored


def delete_file(file: AnyFile, *, by: Actor) -> None:
    """Delete the row and, after the commit, its file.

    Raises FileInUse, DoesNotExist of the model, and PermissionDenied unless `by` is an editor of its site.
    """
    with transaction.atomic():
        # With this lock, no post can begin to show the file before the transaction ends.
        stored = _locked(file)
        permissions.require(permissions.can_edit_file, by, stored)
        validate_files_are_unused([stored], by=by)
        stored.delete()


def validate_files_are_unused(files: Collection[Image | MediaFile], *, by: Actor) -> None:
    """Raises FileInUse if a post shows one of the files, on any site."""
    images = [file for file in files if isinstance(file, Image)]
    media_files = [file for file in files if isinstance(file, MediaFile)]
    is_shown = Q(images__in=images) | Q(cover__in=images) if images else Q(media_files__in=media_files)
    kind = "image" if images else "file"
    showing = Post.objects.filter(is_shown).distinct()
    visible = showing if by is None else showing.filter(pk__in=permissions.visible_posts(by).values("pk"))
    titles = visible.values_list("title", flat=True)[:POSTS_NAMED]
    if titles:
        raise FileInUse([f"The post “{title}” shows this {kind}" for title in titles])
    if showing.exists():
        raise FileInUse(f"A post on another site shows this {kind}.")


def _locked(file: AnyFile) -> AnyFile:
    """The stored row, locked until the transaction ends. Raises DoesNotExist of the model."""
    return type(file)._default_manager.select_for_update().get(pk=file.pk)
