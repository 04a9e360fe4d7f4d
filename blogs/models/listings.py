"""The lists of the posts of each tag and of each author, newest first.

Database triggers keep these tables equal to what the placements and the tags and authors of posts say
(blogs/listings.py). No other code writes them.
"""

from typing import Any, Self

from django.contrib.sites.models import Site
from django.db import models
from django.db.models.functions import Now

from blogs.models.compiled import Parameter
from blogs.models.placements import Placement, older_than
from blogs.models.posts import Author, Post, Tag
from blogs.models.rows import LastRow


class ListingQuerySet(models.QuerySet[Any]):
    def of(self, site: Site | Parameter, name: int | Parameter) -> Self:
        """The list of one tag or author on its site."""
        return self.filter(**{"site": site, self.model.NAME: name})

    def live(self) -> Self:
        return self.filter(published_at__lte=Now())

    def older_than(self, last: LastRow) -> Self:
        return self.filter(older_than(last, key="placement"))

    def newest_first(self) -> Self:
        return self.order_by("-published_at", "-placement")


def _reference(to: type[models.Model]) -> Any:
    """A column without a foreign key in the database: the triggers delete a row when its placement or tag goes."""
    return models.ForeignKey(to, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")


class Listing(models.Model):
    """A published or scheduled post in the list of a tag or an author. Drafts and pages are in no list."""

    NAME: str  # the name of the field for the tag or the author

    site: Any = _reference(Site)
    post: Any = _reference(Post)
    placement: Any = _reference(Placement)
    published_at = models.DateTimeField()

    objects = ListingQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.pk)


class TagListing(Listing):
    NAME = "tag"

    tag: Any = _reference(Tag)
    # The triggers look for the rows of a post.
    pk = models.CompositePrimaryKey("post", "placement", "tag")

    class Meta:
        indexes = [
            models.Index(
                "site", "tag", models.F("published_at").desc(), models.F("placement").desc(), name="tag_listing_newest"
            )
        ]


class AuthorListing(Listing):
    NAME = "author"

    author: Any = _reference(Author)
    pk = models.CompositePrimaryKey("post", "placement", "author")

    class Meta:
        indexes = [
            models.Index(
                "site",
                "author",
                models.F("published_at").desc(),
                models.F("placement").desc(),
                name="author_listing_newest",
            )
        ]
