"""What happens to posts when their home is deleted."""

from typing import Any

from django.db import models


def protect_placed_elsewhere(collector: Any, field: Any, posts: models.QuerySet[Any], using: str) -> None:
    """`on_delete` of `Post.home`: delete the posts of the site, unless another site shows one of them.

    Raises ProtectedError that holds the posts which other sites show.
    """
    placements = posts.model.placements.rel.related_model.objects.using(using)  # no import: it would be a cycle
    elsewhere = placements.filter(post__in=posts).exclude(site=models.F("post__home"))
    placed = set(posts.filter(placements__in=elsewhere))
    if placed:
        raise models.ProtectedError("Other sites show posts of this site.", placed)
    models.CASCADE(collector, field, posts, using)
