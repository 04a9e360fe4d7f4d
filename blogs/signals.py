"""Connects signals to named functions."""

from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete

from blogs.homes import move_home
from blogs.models import Image
from tenancy.signals import home_moves


def delete_file(instance: Image, **kwargs: Any) -> None:
    """Delete the file of an image after the deletion of its row has been committed."""
    transaction.on_commit(lambda: instance.file.storage.delete(str(instance.file.name)))


def connect() -> None:
    home_moves.connect(move_home, dispatch_uid="blogs.move_home")
    post_delete.connect(delete_file, sender=Image, dispatch_uid="blogs.delete_file")
