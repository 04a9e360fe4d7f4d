"""The signal of this app, and receivers of Django's."""

from typing import Any

from django.db import connections
from django.dispatch import Signal

from tenancy.changes import triggers

# Sent before a site is deleted: `target` becomes the home of the posts of `source`. Both are a Site.
home_moves = Signal()


def install_triggers(using: str, **kwargs: Any) -> None:
    triggers.install(connections[using])


def remove_triggers(using: str, **kwargs: Any) -> None:
    triggers.remove_from_sqlite(connections[using])
