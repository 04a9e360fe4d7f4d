"""The `on_delete` rule of posts when their home is deleted."""

from typing import Any

from django.db import connections, models


def protect_placed_elsewhere(collector: Any, field: Any, posts: models.QuerySet[Any], using: str) -> None:
    """Delete the posts of the deleted site (`on_delete` of `Post.home`), unless another site shows one of them.

    Raises ProtectedError with the posts that other sites show. In a transaction it waits for others that are placing
    one of the posts: otherwise the new placement would only make the commit fail.
    """
    if connections[using].in_atomic_block:
        list(posts.select_for_update().values_list("pk", flat=True))
    # An import of Placement would be circular.
    placements = posts.model.placements.rel.related_model.objects.using(using)
    elsewhere = placements.filter(post__in=posts).exclude(site=models.F("post__home"))
    placed = set(posts.filter(placements__in=elsewhere))
    if placed:
        raise models.ProtectedError("Other sites show posts of this site.", placed)
    models.CASCADE(collector, field, posts, using)
