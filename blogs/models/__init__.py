"""WHAT is served: posts, what they are made of, and where they are placed."""

from blogs.models.imports import ImportedFile
from blogs.models.placements import Placement, PlacementQuerySet
from blogs.models.posts import Author, Image, Post, Tag

__all__ = ["Author", "Image", "ImportedFile", "Placement", "PlacementQuerySet", "Post", "Tag"]
