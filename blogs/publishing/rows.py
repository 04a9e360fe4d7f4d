"""Steps that the functions for posts and for placements share."""

from collections.abc import Mapping
from typing import Any

from accounts.models import User
from accounts.roles import Actor
from blogs.models import Placement, Post


class Conflict(Exception):
    """Another user saved the row after the caller read it. Nothing was written.

    `stored` is the current row. If it is a post, `saved_by` and `saved_at` describe the other edit.
    """

    def __init__(self, stored: Post | Placement) -> None:
        super().__init__(f"“{stored}” has been changed since it was read.")
        self.stored = stored


def locked(post: Post) -> Post:
    """The stored post, locked until the transaction ends. Raises Post.DoesNotExist."""
    return Post.objects.select_for_update().get(pk=post.pk)


def require_fields(changes: Mapping[str, Any], allowed: set[str]) -> None:
    """Raises TypeError if `changes` has a field that is not `allowed`."""
    if unknown := changes.keys() - allowed:
        raise TypeError(f"An edit cannot change these fields: {', '.join(sorted(unknown))}.")


def user_of(by: Actor) -> User | None:
    return by if isinstance(by, User) else None
