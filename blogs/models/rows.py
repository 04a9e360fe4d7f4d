"""What pages read of a placement, column by column: objects of five models would cost several times as much.

The names of the fields are the paths by which the query finds them.
"""

from datetime import datetime
from typing import NamedTuple, TypeVar
from uuid import UUID

from blogs.models.names import Named


class ListRow(NamedTuple):
    """In a list."""

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
    authors: Named


class LastRow(NamedTuple):
    """The last one of a page of a list, from which the next page goes on."""

    pk: int
    published_at: datetime
    pinned: bool


class PostRow(NamedTuple):
    """On a page of its own."""

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
    authors: Named
    tags: Named


class FeedRow(NamedTuple):
    """In a feed."""

    slug: str
    published_at: datetime
    post__uuid: UUID
    post__title: str
    post__summary: str
    post__body_html: str
    post__updated_at: datetime
    authors: Named
    tags: Named


Row = TypeVar("Row", ListRow, LastRow, PostRow, FeedRow)
