"""Signals only connect; the work is done by named functions."""

from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.models.signals import m2m_changed, post_delete, post_save
from django.dispatch import Signal

from tenancy.changes import triggers, watches
from tenancy.registry.site_registry import registry

# A site is about to end and another becomes the home of what it owns. Arguments: source, target (Site).
home_moves = Signal()


def expire_registry(using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    """The process that changed something knows it at once; all others ask within a quarter of a second."""
    transaction.on_commit(registry.expire, using=using)


def install_triggers(using: str, **kwargs: Any) -> None:
    triggers.install(connections[using])


def remove_triggers(using: str, **kwargs: Any) -> None:
    triggers.remove_from_sqlite(connections[using])


def connect() -> None:
    for model in watches.watched():
        for signal in (post_save, post_delete, m2m_changed):  # the last one of tables between two models
            signal.connect(expire_registry, sender=model)
