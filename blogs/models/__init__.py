"""Posts with their authors, tags and images, and the placements that publish them on sites."""

from blogs.models.placements import Placement, PlacementQuerySet
from blogs.models.posts import Author, Image, Post, Tag

__all__ = ["Author", "Image", "Placement", "PlacementQuerySet", "Post", "Tag"]
