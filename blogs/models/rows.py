"""Named tuples of the columns that public pages read.

A list reads columns of five models for each placement. The creation of model instances would take several times as
long. The name of a field is its lookup path from Placement, as for `values_list`. `authors`, `tags` and `language`
are annotations (blogs/models/names.py, blogs/models/placements.py).
"""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from blogs.models.names import SlugsAndNames


class ListRow(NamedTuple):
    """A post in a list."""

    pk: int
    slug: str
    published_at: datetime
    pinned: bool
    post__title: str
    post__summary: str
    post__cover__name: str | None
    post__cover__width: int | None
    post__cover__height: int | None
    post__cover_alt: str
    authors: SlugsAndNames
    language: str | None


class MenuRow(NamedTuple):
    """A page in the menu."""

    slug: str
    post__title: str
    language: str | None


class LastRow(NamedTuple):
    """The sort key of the last post on a page of a list: the next page starts below it."""

    pk: int
    published_at: datetime
    pinned: bool


class PostRow(NamedTuple):
    """A post or a page at its own address."""

    slug: str
    published_at: datetime
    post__id: int
    post__home: int
    post__kind: str
    post__title: str
    post__excerpt: str
    post__summary: str
    post__body_html: str
    post__updated_at: datetime
    post__cover__name: str | None
    post__cover__width: int | None
    post__cover__height: int | None
    post__cover_alt: str
    authors: SlugsAndNames
    tags: SlugsAndNames
    language: str | None


class TagRow(NamedTuple):
    """A tag of a site. Its fields are fields of Tag."""

    pk: int
    slug: str
    name: str


class AuthorRow(NamedTuple):
    """An author of a site. Its fields are fields of Author."""

    pk: int
    slug: str
    name: str
    bio: str


class FeedRow(NamedTuple):
    """A post in a feed."""

    slug: str
    published_at: datetime
    post__uuid: UUID
    post__feed_id: str
    post__title: str
    post__summary: str
    post__body_html: str
    post__updated_at: datetime
    authors: SlugsAndNames
    tags: SlugsAndNames
    language: str | None
