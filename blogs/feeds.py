"""Atom feeds (RFC 4287) of a site and of its tags. Their ids survive a change of slug, domain and scheme."""

import re
import uuid
from datetime import UTC, datetime
from typing import Any
from xml.sax.xmlreader import AttributesImpl

from django.contrib.sites.models import Site
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.feedgenerator import Atom1Feed
from django.utils.xmlutils import SimplerXMLGenerator
from django.views.decorators.http import require_safe

from blogs.addresses import public_path
from blogs.models import Placement, PlacementQuerySet, Tag
from tenancy.public import public_page
from tenancy.sites import site_url

ENTRIES = 20

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")  # XML 1.0 has no way to write these
_ROOT_RELATIVE = re.compile(r'( (?:src|href)=")/(?!/)')


@require_safe
@public_page()
def site_feed(request: HttpRequest) -> HttpResponse:
    site = request.site
    placements = Placement.objects.on(site).live().posts()
    return _feed(request, site.settings.uuid, site.name, public_path("home"), _newest(placements))


@require_safe
@public_page()
def tag_feed(request: HttpRequest, slug: str) -> HttpResponse:
    site = request.site
    tag = get_object_or_404(Tag, slug=slug)
    placements = _newest(Placement.objects.on(site).live().posts().filter(post__tags=tag))
    if not placements:
        raise Http404("No post of this site has the tag.")
    feed_id = uuid.uuid5(site.settings.uuid, tag.slug)
    return _feed(request, feed_id, f"{site.name}: {tag.name}", tag.get_absolute_url(), placements)


def _newest(placements: PlacementQuerySet) -> list[Placement]:
    return list(placements.newest_first().for_feed()[:ENTRIES])


def _feed(request: HttpRequest, feed_id: uuid.UUID, title: str, path: str, placements: list[Placement]) -> HttpResponse:
    site = request.site
    feed = FullContentFeed(
        title=_xml_text(title),
        link=site_url(site, path),
        description=None,
        subtitle=_xml_text(site.settings.tagline) or None,
        feed_url=site_url(site, request.path),
        feed_guid=feed_id.urn,
        language=site.settings.language,
        author_name=_xml_text(site.name),
    )
    for placement in placements:
        _add_entry(feed, site, placement)
    return HttpResponse(feed.writeString("utf-8"), content_type=feed.content_type)


def _add_entry(feed: Atom1Feed, site: Site, placement: Placement) -> None:
    post = placement.post
    feed.add_item(
        title=_xml_text(post.title),
        link=site_url(site, placement.get_absolute_url()),
        description=_xml_text(post.summary),
        unique_id=post.uuid.urn,
        pubdate=placement.published_at,
        updateddate=placement.changed_at,
        categories=[_xml_text(tag.name) for tag in post.tags.all()],
        authors=[_xml_text(author.name) for author in post.authors.all()],
        content=_xml_text(absolute_links(post.body_html, site)),
    )


def absolute_links(html: str, site: Site) -> str:
    """Sanitised HTML whose links to the site itself work in a feed reader too."""
    return _ROOT_RELATIVE.sub(rf"\g<1>{site_url(site)}", html)


def _xml_text(text: str) -> str:
    return _CONTROL.sub("", text)


class FullContentFeed(Atom1Feed):
    """Atom with several authors and the whole content, which Django's own has no fields for."""

    def add_item_elements(self, handler: SimplerXMLGenerator, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        for name in item["authors"]:
            handler.startElement("author", AttributesImpl({}))
            handler.addQuickElement("name", name)
            handler.endElement("author")
        handler.addQuickElement("content", item["content"], {"type": "html", "xml:base": item["link"]})

    def latest_post_date(self) -> datetime:
        """The newest entry's time; a fixed one for an empty feed, so that the same state gives the same bytes."""
        return max((item["updateddate"] for item in self.items), default=datetime(1970, 1, 1, tzinfo=UTC))
