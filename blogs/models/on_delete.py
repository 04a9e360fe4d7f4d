"""What the end of a site means for its posts."""

from typing import Any

from django.apps import apps
from django.db import models


def protect_placed_elsewhere(collector: Any, field: Any, posts: models.QuerySet[Any], using: str) -> None:
    """`on_delete` of a post's home: its posts go with the site, unless one of them stands on another site too.

    Raises ProtectedError that holds those posts.
    """
    placements = apps.get_model("blogs", "Placement").objects.using(using)
    elsewhere = placements.filter(post__in=posts).exclude(site=models.F("post__home"))
    placed = set(posts.filter(placements__in=elsewhere))
    if placed:
        raise models.ProtectedError("The site is home to posts that are placed on other sites too.", placed)
    models.CASCADE(collector, field, posts, using)
