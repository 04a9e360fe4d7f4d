"""What pages say to search engines in JSON-LD, in the words of schema.org."""

import json
from typing import Any

from django.contrib.sites.models import Site
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import localtime

from blogs.models import Author, Placement, public_path
from tenancy.sites import site_url

Thing = dict[str, Any]

# A script element ends at the first "</script" and changes its meaning at "<!--", wherever they stand (HTML, 13.2.5.4).
_ESCAPES = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def script(*things: Thing) -> SafeString:
    """A data block with the things. Never executed, so that the policy of a page without scripts lets it be."""
    document = json.dumps({"@context": "https://schema.org", "@graph": things}, ensure_ascii=False, separators=(",", ":"))
    return mark_safe(f'<script type="application/ld+json">{document.translate(_ESCAPES)}</script>')


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
    return _without_gaps(
        {
            "@type": "BlogPosting",
            "headline": post.title,
            "description": post.summary,
            "url": canonical,
            "mainEntityOfPage": canonical,
            "datePublished": localtime(placement.published_at).isoformat(timespec="seconds"),
            "dateModified": localtime(max(post.updated_at, placement.published_at)).isoformat(timespec="seconds"),
            "inLanguage": site.settings.language,
            "author": [person(site, author) for author in post.authors.all()],
            "keywords": [tag.name for tag in post.tags.all()],
            "image": image(site, post.cover.get_absolute_url(), post.cover.width, post.cover.height) if post.cover else None,
            "publisher": _publisher(site),
        }
    )


def web_page(site: Site, name: str, url: str, kind: str = "WebPage") -> Thing:
    """`kind` is WebPage or a narrower type: CollectionPage for a list."""
    return {"@type": kind, "name": name, "url": url, "inLanguage": site.settings.language}


def profile_page(site: Site, author: Author, url: str) -> Thing:
    about = person(site, author) | ({"description": author.bio} if author.bio else {})
    return web_page(site, author.name, url, "ProfilePage") | {"mainEntity": about}


def breadcrumbs(site: Site, name: str) -> Thing:
    """The way from the home page to this page, which has that name."""
    home = {"@type": "ListItem", "position": 1, "name": site.name, "item": site_url(site)}
    return {"@type": "BreadcrumbList", "itemListElement": [home, {"@type": "ListItem", "position": 2, "name": name}]}


def person(site: Site, author: Author) -> Thing:
    return {"@type": "Person", "name": author.name, "url": site_url(site, author.get_absolute_url())}


def image(site: Site, path: str, width: int | None, height: int | None) -> Thing:
    return {"@type": "ImageObject", "url": site_url(site, path), "width": width, "height": height}


def logo_path(site: Site) -> str:
    """The address of the site's logo on the site, empty for a site without one."""
    logo = site.settings.logo
    return public_path("media", args=[logo.name.rpartition("/")[2]]) if logo else ""


def _publisher(site: Site) -> Thing:
    logo = logo_path(site)
    settings = site.settings
    return _without_gaps(
        {
            "@type": "Organization",
            "name": site.name,
            "url": site_url(site),
            "logo": image(site, logo, settings.logo_width, settings.logo_height) if logo else None,
        }
    )


def _without_gaps(thing: Thing) -> Thing:
    return {key: value for key, value in thing.items() if value}
