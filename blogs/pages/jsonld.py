"""Structured data for search engines: JSON-LD with the vocabulary of schema.org."""

import json
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from blogs.pages.contexts import AuthorContext, ImageContext, PostContext, SiteContext

Thing = dict[str, Any]

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
# HTML parsers also act on "</script" and "<!--" inside a JSON string in a script element (HTML, 13.2.5.4).
_ESCAPES = {character: f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def script(*things: Thing) -> SafeString:
    """A script element with the objects as JSON-LD. It is data, so the content security policy does not block it."""
    text = _encode({"@context": "https://schema.org", "@graph": things})
    for character, escaped in _ESCAPES.items():
        text = text.replace(character, escaped)
    return mark_safe(f'<script type="application/ld+json">{text}</script>')


def web_site(site: SiteContext) -> Thing:
    return _without_empty(
        {
            "@type": "WebSite",
            "name": site["name"],
            "description": site["tagline"],
            "url": _home(site),
            "inLanguage": site["language"],
        }
    )


def blog_posting(site: SiteContext, post: PostContext, canonical: str) -> Thing:
    """The data of a post. `canonical` is its absolute URL."""
    return _without_empty(
        {
            "@type": "BlogPosting",
            "headline": post["title"],
            "description": post["summary"],
            "url": canonical,
            "mainEntityOfPage": canonical,
            "datePublished": post["published_at"],
            "dateModified": post["modified_at"],
            "inLanguage": post["language"] or site["language"],
            "author": [_person(site, author["name"], author["path"]) for author in post["authors"]],
            "keywords": [tag["name"] for tag in post["tags"]],
            "image": post["cover"] and _image(site, post["cover"]),
            "publisher": _publisher(site),
        }
    )


def web_page(site: SiteContext, name: str, url: str, kind: str = "WebPage", language: str = "") -> Thing:
    """The data of any other page. `kind` is WebPage or a subtype, for example CollectionPage for a list."""
    return {"@type": kind, "name": name, "url": url, "inLanguage": language or site["language"]}


def profile_page(site: SiteContext, author: AuthorContext, url: str) -> Thing:
    about = _person(site, author["name"], author["path"])
    if author["bio"]:
        about["description"] = author["bio"]
    return web_page(site, author["name"], url, "ProfilePage") | {"mainEntity": about}


def breadcrumbs(site: SiteContext, name: str) -> Thing:
    """The path from the home page to this page. `name` is the title of this page."""
    home = {"@type": "ListItem", "position": 1, "name": site["name"], "item": _home(site)}
    return {"@type": "BreadcrumbList", "itemListElement": [home, {"@type": "ListItem", "position": 2, "name": name}]}


def _home(site: SiteContext) -> str:
    return f"{site['origin']}{site['home']}"


def _person(site: SiteContext, name: str, path: str) -> Thing:
    return {"@type": "Person", "name": name, "url": site["origin"] + path}


def _image(site: SiteContext, image: ImageContext) -> Thing:
    return {
        "@type": "ImageObject",
        "url": site["origin"] + image["path"],
        "width": image["width"],
        "height": image["height"],
    }


def _publisher(site: SiteContext) -> Thing:
    return _without_empty(
        {
            "@type": "Organization",
            "name": site["name"],
            "url": _home(site),
            "logo": site["logo"] and _image(site, site["logo"]),
        }
    )


def _without_empty(thing: Thing) -> Thing:
    return {key: value for key, value in thing.items() if value}
