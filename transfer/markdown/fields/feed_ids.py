"""Finds the id that the entry of a post has in the feed of its old blog.

Feed readers recognise an entry by its id. An Atom feed requires an absolute IRI (RFC 4287, 4.2.6; RFC 3987).
"""

import re
from uuid import UUID

from blogs.models.posts import FEED_ID_LENGTH
from lib.text_fields import one_line
from transfer.markdown.fields.values import Fields

_NAMES = ("guid", "feedid", "atomid", "rssguid")
_IRI = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*+:[^\s<>\"{}|\\^`\x00-\x20\x7f-\x9f]++")
# The field `id` has other meanings as well. These values are ids of entries.
_ENTRY_ID = re.compile(r"(?:tag:|urn:|https?://)", re.IGNORECASE)


def feed_id_of(fields: Fields) -> str:
    """The id of the entry, or "" if the file has none. Raises ValueError if it is not valid in a feed."""
    written = fields.text(*_NAMES)
    other = fields.text("id")
    if not written and _ENTRY_ID.match(other):
        written = other
    if not written:
        return ""
    if len(written) > FEED_ID_LENGTH:
        raise ValueError(f"the feed id has {len(written):,} characters; the limit is {FEED_ID_LENGTH}")
    if _IRI.fullmatch(written) and one_line(written) == written:
        return written
    try:
        return UUID(written).urn
    except ValueError as error:
        raise ValueError(f"{written[:100]!r} is not a feed id; write an address, tag:… or urn:…") from error
