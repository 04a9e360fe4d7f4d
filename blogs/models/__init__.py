"""WHAT is served: posts, what they are made of, and where they are placed."""

from blogs.models.placements import Placement, PlacementQuerySet
from blogs.models.posts import Author, Image, Post, Tag

__all__ = ["Author", "Image", "Placement", "PlacementQuerySet", "Post", "Tag"]
