"""Posts with their authors, tags and files, and the placements that publish them on sites."""

from blogs.models.files import Image, MediaFile
from blogs.models.listings import AuthorListing, Listing, TagListing
from blogs.models.placements import Placement, PlacementQuerySet
from blogs.models.posts import Author, Post, Tag

__all__ = [
    "Author",
    "AuthorListing",
    "Image",
    "Listing",
    "MediaFile",
    "Placement",
    "PlacementQuerySet",
    "Post",
    "Tag",
    "TagListing",
]
