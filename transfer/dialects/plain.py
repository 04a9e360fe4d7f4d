"""Archives whose generator is unknown: the tags of all generators are understood."""

from transfer.dialects.base import TAGS, VERBATIM_TAGS, Dialect
from transfer.dialects.eleventy import Eleventy
from transfer.dialects.hexo import Hexo
from transfer.dialects.hugo import Hugo
from transfer.dialects.jekyll import Jekyll


class Plain(Dialect):
    """Its tables also serve tags that an archive kept from an earlier generator."""

    tags = {**TAGS, **Hexo.tags, **Hugo.tags, **Eleventy.tags, **Jekyll.tags}
    verbatim_tags = {**VERBATIM_TAGS, **Hexo.verbatim_tags}
