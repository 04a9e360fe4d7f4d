"""Posts with their authors, tags and images, and the placements that publish them on sites."""

from blogs.models.listings import AuthorListing, Listing, TagListing
from blogs.models.placements import Placement, PlacementQuerySet
from blogs.models.posts import Author, Image, Post, Tag

__all__ = [
    "Author",
    "AuthorListing",
    "Image",
    "Listing",
    "Placement",
    "PlacementQuerySet",
    "Post",
    "Tag",
    "TagListing",
]
