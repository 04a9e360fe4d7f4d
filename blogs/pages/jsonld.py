"""What pages say to search engines in JSON-LD, in the words of schema.org. Sites and posts are what templates know."""

import json
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from blogs.models import Author
from blogs.pages.presenters import Shown

Thing = dict[str, Any]

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
# A script element ends at the first "</script" and changes its meaning at "<!--", wherever they stand (HTML, 13.2.5.4).
_ESCAPES = {character: f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def script(*things: Thing) -> SafeString:
    """A data block with the things. Never executed, so that the policy of a page without scripts lets it be."""
    text = _encode({"@context": "https://schema.org", "@graph": things})
    for character, escaped in _ESCAPES.items():
        text = text.replace(character, escaped)
    return mark_safe(f'<script type="application/ld+json">{text}</script>')


def web_site(site: Shown) -> Thing:
    return _without_gaps(
        {
            "@type": "WebSite",
            "name": site["name"],
            "description": site["tagline"],
            "url": _home(site),
            "inLanguage": site["language"],
        }
    )


def blog_posting(site: Shown, post: Shown, canonical: str) -> Thing:
    """The post as the site shows it."""
    return _without_gaps(
        {
            "@type": "BlogPosting",
            "headline": post["title"],
            "description": post["summary"],
            "url": canonical,
            "mainEntityOfPage": canonical,
            "datePublished": post["published"]["exact"],
            "dateModified": post["changed"],
            "inLanguage": site["language"],
            "author": [_person(site, author["name"], author["path"]) for author in post["authors"]],
            "keywords": [tag["name"] for tag in post["tags"]],
            "image": post["cover"] and _image(site, post["cover"]),
            "publisher": _publisher(site),
        }
    )


def web_page(site: Shown, name: str, url: str, kind: str = "WebPage") -> Thing:
    """`kind` is WebPage or a narrower type: CollectionPage for a list."""
    return {"@type": kind, "name": name, "url": url, "inLanguage": site["language"]}


def profile_page(site: Shown, author: Author, url: str) -> Thing:
    about = _person(site, author.name, author.get_absolute_url())
    if author.bio:
        about["description"] = author.bio
    return web_page(site, author.name, url, "ProfilePage") | {"mainEntity": about}


def breadcrumbs(site: Shown, name: str) -> Thing:
    """The way from the home page to this page, which has that name."""
    home = {"@type": "ListItem", "position": 1, "name": site["name"], "item": _home(site)}
    return {"@type": "BreadcrumbList", "itemListElement": [home, {"@type": "ListItem", "position": 2, "name": name}]}


def _home(site: Shown) -> str:
    return f"{site['origin']}{site['home']}"


def _person(site: Shown, name: str, path: str) -> Thing:
    return {"@type": "Person", "name": name, "url": site["origin"] + path}


def _image(site: Shown, image: Shown) -> Thing:
    return {
        "@type": "ImageObject",
        "url": site["origin"] + image["path"],
        "width": image["width"],
        "height": image["height"],
    }


def _publisher(site: Shown) -> Thing:
    return _without_gaps(
        {
            "@type": "Organization",
            "name": site["name"],
            "url": _home(site),
            "logo": site["logo"] and _image(site, site["logo"]),
        }
    )


def _without_gaps(thing: Thing) -> Thing:
    return {key: value for key, value in thing.items() if value}
