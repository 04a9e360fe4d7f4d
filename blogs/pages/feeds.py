"""Atom feeds (RFC 4287) of a site and of its tags.

The ids of feeds and entries are UUIDs, so they stay the same when a slug, the domain or the scheme changes. An imported
entry keeps the id that it has in the feed of its old blog, so feed readers do not show it as new.
"""

import uuid
from datetime import datetime
from xml.sax.saxutils import escape, quoteattr

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.encoding import escape_uri_path
from django.utils.feedgenerator import rfc3339_date
from django.views.decorators.http import require_safe

from blogs.models.rows import FeedRow
from blogs.pages.feed_links import absolute_links
from blogs.paths import public_path
from blogs.queries import feed_rows, tag_feed_rows, tag_or_404
from pagecache.decorators import public_page
from tenancy.absolute_urls import site_url
from tenancy.registry.last_change import last_change

ENTRIES = 20

# XML 1.0 does not allow these characters, even as character references.
_CONTROL = bytes({*range(32)} - {*b"\t\n\r"})
_NONCHARACTERS = ("\ufffe".encode(), "\uffff".encode())


@require_safe
@public_page()
def site_feed(request: HttpRequest) -> HttpResponse:
    site = request.site
    return _feed(request, site.settings.uuid, site.name, public_path("home"), feed_rows(site, ENTRIES))


@require_safe
@public_page()
def tag_feed(request: HttpRequest, slug: str) -> HttpResponse:
    site = request.site
    tag = tag_or_404(site, slug)
    rows = tag_feed_rows(site, tag, ENTRIES)
    if not rows:
        raise Http404(f"This site has no post with the tag {slug}.")
    feed_id = uuid.uuid5(site.settings.uuid, tag.slug)
    return _feed(request, feed_id, f"{site.name}: {tag.name}", public_path("tag", tag.slug), rows)


def _feed(request: HttpRequest, feed_id: uuid.UUID, title: str, path: str, rows: list[FeedRow]) -> HttpResponse:
    """Write the XML directly: Django's feed generator is slower and supports only one author and no full content."""
    site = request.site
    updated = max(map(_updated, rows)) if rows else last_change(site)
    parts = [
        '<?xml version="1.0" encoding="utf-8"?>\n',
        f'<feed xml:lang={quoteattr(site.settings.language)} xmlns="http://www.w3.org/2005/Atom">',
        f"<title>{escape(title)}</title>",
        f'<link href={quoteattr(site_url(site, path))} rel="alternate"/>',
        f'<link href={quoteattr(site_url(site, escape_uri_path(request.path)))} rel="self"/>',
        f"<id>{feed_id.urn}</id><updated>{rfc3339_date(updated)}</updated>",
        f"<author><name>{escape(site.name)}</name></author>",
    ]
    if site.settings.tagline:
        parts.append(f"<subtitle>{escape(site.settings.tagline)}</subtitle>")
    origin = site_url(site, "")
    parts += [_entry(origin, row, site.settings.language) for row in rows]
    return HttpResponse(_xml("".join(parts) + "</feed>"), content_type="application/atom+xml; charset=utf-8")


def _entry(origin: str, row: FeedRow, language: str) -> str:
    """`language` is that of the feed."""
    url = origin + public_path("post", row.slug)
    address = quoteattr(url)
    tags = "".join(f"<category term={quoteattr(name)}/>" for _, name in row.tags)
    authors = "".join(f"<author><name>{escape(name)}</name></author>" for _, name in row.authors)
    entry_id = escape(row.post__feed_id or row.post__uuid.urn)
    own = f" xml:lang={quoteattr(row.language)}" if row.language and row.language != language else ""
    content = escape(absolute_links(row.post__body_html, url))
    return (
        f"<entry{own}>"
        f'<title>{escape(row.post__title)}</title><link href={address} rel="alternate"/>'
        f"<published>{rfc3339_date(row.published_at)}</published><updated>{rfc3339_date(_updated(row))}</updated>"
        f"<id>{entry_id}</id><summary>{escape(row.post__summary)}</summary>{tags}{authors}"
        f'<content type="html" xml:base={address}>{content}</content></entry>'
    )


def _updated(row: FeedRow) -> datetime:
    """The time of the last change that readers can see."""
    return max(row.published_at, row.post__updated_at)


def _xml(text: str) -> bytes:
    """Encode the document, without the characters that XML does not allow."""
    document = text.encode().translate(None, _CONTROL)
    for character in _NONCHARACTERS:
        document = document.replace(character, b"")
    return document
