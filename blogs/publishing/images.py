"""Stores, renames and deletes images."""

from collections.abc import Collection

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from accounts.roles import Actor
from blogs import permissions
from blogs.models import Image, Post

POSTS_NAMED = 20  # in the message about images that posts show


class ImageInUse(ValidationError):
    """A post shows one of the images, so they cannot be deleted. The messages name the posts that the user may see."""


def create_image(image: Image, *, by: Actor) -> None:
    """Store a new image with its file. Raises ValidationError, and PermissionDenied unless `by` is an author there."""
    permissions.require(permissions.can_upload_image, by, image)
    # `save` decodes the file, so validating it here as well would double the time.
    image.clean_fields(exclude=["file", "height", "name", "site", "width"])
    image.save()


def rename_image(image: Image, title: str, *, by: Actor) -> Image:
    """Write the title, and return the stored image. The address of the image does not change.

    Raises ValidationError, Image.DoesNotExist, and PermissionDenied unless `by` is an editor of its site.
    """
    with transaction.atomic():
        stored = _locked(image)
        permissions.require(permissions.can_edit_image, by, stored)
        stored.title = title
        stored.clean_fields(exclude=[field.name for field in Image._meta.fields if field.name != "title"])
        stored.save(update_fields=["title"])
    return stored


def delete_image(image: Image, *, by: Actor) -> None:
    """Delete the image and, after the commit, its file.

    Raises ImageInUse, Image.DoesNotExist, and PermissionDenied unless `by` is an editor of its site.
    """
    with transaction.atomic():
        # With this lock, no post can begin to show the image before the transaction ends.
        stored = _locked(image)
        permissions.require(permissions.can_edit_image, by, stored)
        validate_images_are_unused([stored], by=by)
        stored.delete()


def validate_images_are_unused(images: Collection[Image], *, by: Actor) -> None:
    """Raises ImageInUse if a post shows one of the images, on any site."""
    showing = Post.objects.filter(Q(images__in=images) | Q(cover__in=images)).distinct()
    visible = showing if by is None else showing.filter(pk__in=permissions.visible_posts(by).values("pk"))
    titles = visible.values_list("title", flat=True)[:POSTS_NAMED]
    if titles:
        raise ImageInUse([f"The post “{title}” shows this image" for title in titles])
    if showing.exists():
        raise ImageInUse("A post on another site shows this image.")


def _locked(image: Image) -> Image:
    """The stored image, locked until the transaction ends. Raises Image.DoesNotExist."""
    return Image.objects.select_for_update().get(pk=image.pk)
