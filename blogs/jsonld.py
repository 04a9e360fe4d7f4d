"""What pages say to search engines in JSON-LD, in the words of schema.org."""

import json
from datetime import datetime
from typing import Any, cast

from django.contrib.sites.models import Site
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import localtime

from blogs.addresses import public_path
from blogs.models import Author, Placement
from tenancy.sites import site_url

Thing = dict[str, Any]

# A script element ends at the first "</script" and changes its meaning at "<!--", wherever they stand (HTML, 13.2.5.4).
_ESCAPES = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def script(*things: Thing) -> SafeString:
    """A data block with the things. Never executed, so that the policy of a page without scripts lets it be."""
    document = {"@context": "https://schema.org", "@graph": things}
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":")).translate(_ESCAPES)
    return mark_safe(f'<script type="application/ld+json">{text}</script>')


def web_site(site: Site) -> Thing:
    return _without_gaps(
        {
            "@type": "WebSite",
            "name": site.name,
            "description": site.settings.tagline,
            "url": site_url(site),
            "inLanguage": site.settings.language,
        }
    )


def blog_posting(site: Site, placement: Placement, canonical: str) -> Thing:
    """The post as the site shows it; `placement` is fetched `for_page`."""
    post = placement.post
    published_at = cast(datetime, placement.published_at)  # it is live
    return _without_gaps(
        {
            "@type": "BlogPosting",
            "headline": post.title,
            "description": post.summary,
            "url": canonical,
            "mainEntityOfPage": canonical,
            "datePublished": localtime(published_at).isoformat(timespec="seconds"),
            "dateModified": localtime(max(post.updated_at, published_at)).isoformat(timespec="seconds"),
            "inLanguage": site.settings.language,
            "author": [_person(site, author) for author in post.authors.all()],
            "keywords": [tag.name for tag in post.tags.all()],
            "image": post.cover and _image(site, post.cover.get_absolute_url(), post.cover.width, post.cover.height),
            "publisher": _publisher(site),
        }
    )


def web_page(site: Site, name: str, url: str, kind: str = "WebPage") -> Thing:
    """`kind` is WebPage or a narrower type: CollectionPage for a list."""
    return {"@type": kind, "name": name, "url": url, "inLanguage": site.settings.language}


def profile_page(site: Site, author: Author, url: str) -> Thing:
    about = _person(site, author) | ({"description": author.bio} if author.bio else {})
    return web_page(site, author.name, url, "ProfilePage") | {"mainEntity": about}


def breadcrumbs(site: Site, name: str) -> Thing:
    """The way from the home page to this page, which has that name."""
    home = {"@type": "ListItem", "position": 1, "name": site.name, "item": site_url(site)}
    return {"@type": "BreadcrumbList", "itemListElement": [home, {"@type": "ListItem", "position": 2, "name": name}]}


def logo_path(site: Site) -> str:
    """The address of the site's logo on the site, empty for a site without one."""
    logo = site.settings.logo
    return public_path("media", args=[str(logo).rpartition("/")[2]]) if logo else ""


def _person(site: Site, author: Author) -> Thing:
    return {"@type": "Person", "name": author.name, "url": site_url(site, author.get_absolute_url())}


def _image(site: Site, path: str, width: int | None, height: int | None) -> Thing:
    return {"@type": "ImageObject", "url": site_url(site, path), "width": width, "height": height}


def _publisher(site: Site) -> Thing:
    logo = logo_path(site)
    settings = site.settings
    return _without_gaps(
        {
            "@type": "Organization",
            "name": site.name,
            "url": site_url(site),
            "logo": logo and _image(site, logo, settings.logo_width, settings.logo_height),
        }
    )


def _without_gaps(thing: Thing) -> Thing:
    return {key: value for key, value in thing.items() if value}
