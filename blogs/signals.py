"""Connects signals to named functions."""

from typing import Any

from django.apps import apps
from django.db import connections, transaction
from django.db.models.signals import post_delete, post_migrate

from blogs import listings
from blogs.homes import move_home
from blogs.models import Image, MediaFile
from tenancy import media
from tenancy.signals import home_moves


def delete_file(instance: Image | MediaFile, **kwargs: Any) -> None:
    """Delete the stored files of a row after its deletion has been committed."""
    transaction.on_commit(lambda: media.delete_file(instance.file.storage, str(instance.file.name)))


def install_listings(using: str, **kwargs: Any) -> None:
    listings.install(connections[using])


def connect() -> None:
    home_moves.connect(move_home, dispatch_uid="blogs.move_home")
    for model in (Image, MediaFile):
        post_delete.connect(delete_file, sender=model, dispatch_uid=f"blogs.delete_file.{model.__name__}")
    # The migrations of `tenancy` drop our triggers on SQLite, and those of this app run later.
    post_migrate.connect(install_listings, sender=apps.get_app_config("blogs"), dispatch_uid="blogs.install_listings")
