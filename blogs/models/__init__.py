"""Posts with their authors, tags and files, the placements that publish them on sites, and redirects."""

from blogs.models.files import Image, MediaFile
from blogs.models.listings import AuthorListing, Listing, TagListing
from blogs.models.placements import Placement, PlacementQuerySet
from blogs.models.posts import Author, Post, Tag
from blogs.models.redirects import Redirect, RedirectQuerySet, RedirectUse

__all__ = [
    "Author",
    "AuthorListing",
    "Image",
    "Listing",
    "MediaFile",
    "Placement",
    "PlacementQuerySet",
    "Post",
    "Redirect",
    "RedirectQuerySet",
    "RedirectUse",
    "Tag",
    "TagListing",
]
