"""The context that all pages of a site share, computed once per generation of the site."""

import hashlib
from base64 import b64encode
from typing import NamedTuple

from django.contrib.sites.models import Site
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from blogs.models import Placement
from blogs.models.rows import MenuRow
from blogs.pages.contexts import ImageContext, MenuItem, SiteContext
from blogs.paths import public_path
from lib.icons import PREVIEW_SIZE
from lib.languages import (
    NO_ATTRIBUTES,
    attributes_if_other,
    html_words,
    is_fallback,
    is_right_to_left,
    with_territory,
    words_of,
)
from tenancy.absolute_urls import site_url
from tenancy.models import Robots
from tenancy.registry.domain_map import SiteEntry
from tenancy.registry.per_generation import cached_per_generation
from tenancy.registry.site_registry import registry
from tenancy.themes import installed_theme


class SharedContext(NamedTuple):
    site: SiteContext
    menu: list[MenuItem]
    words: dict[str, SafeString]
    plain_words: dict[str, str]
    content_security_policy: str


def shared_context(site: Site) -> SharedContext:
    """The shared context of the site, from the current generation that this process knows. `site` may be older."""
    entry = registry.find(site.domain)
    # The domain may have moved to another site since the request began.
    if entry is None or entry.site_id != site.pk:
        return _compute(site)
    try:
        return _cached(entry)
    except Site.DoesNotExist:  # The site has been deleted since the request began.
        return _compute(site)


@cached_per_generation
def _cached(entry: SiteEntry) -> SharedContext:
    return _compute(registry.site(entry))


def _compute(site: Site) -> SharedContext:
    style = accent_style(site)
    theme = installed_theme(site.settings.theme, site.domain)
    language = site.settings.language
    logo = _logo(site)
    words, language_of_words = words_of(language)
    in_other_language = is_fallback(language)
    context: SiteContext = {
        "name": site.name,
        "tagline": site.settings.tagline,
        "accent": site.settings.accent,
        "accent_style": style,
        "favicon": public_path("favicon"),
        "feed": public_path("feed"),
        "hidden": site.settings.robots == Robots.DISALLOW,
        "home": public_path("home"),
        "language": language,
        "logo": logo,
        "origin": site_url(site, ""),
        "own_lang": format_html(' lang="{}"', language) if in_other_language else NO_ATTRIBUTES,
        "preview_image": logo or _preview_image(),
        "right_to_left": is_right_to_left(language),
        "styles": {
            "base": static("blogs/base.css"),
            "code": static("blogs/code.css"),
            "theme": static(f"themes/{theme}.css"),
        },
        "territory": with_territory(language),
        "theme": theme,
        "touch_icon": public_path("touch-icon"),
        "words_lang": format_html(' lang="{}"', language_of_words) if in_other_language else NO_ATTRIBUTES,
    }
    pages = map(MenuRow._make, Placement.objects.on(site).live().menu().columns(MenuRow))
    menu: list[MenuItem] = [
        {
            "path": public_path("post", page.slug),
            "title": page.post__title,
            "lang": attributes_if_other(page.language, language),
        }
        for page in pages
    ]
    return SharedContext(context, menu, html_words(language), words._asdict(), content_security_policy(style))


def _logo(site: Site) -> ImageContext | None:
    logo = site.settings.logo
    if not logo:
        return None
    return {
        "path": public_path("media", str(logo).rpartition("/")[2]),
        "width": site.settings.logo_width,
        "height": site.settings.logo_height,
    }


def _preview_image() -> ImageContext:
    width, height = PREVIEW_SIZE
    return {"path": public_path("preview-image"), "width": width, "height": height}


def accent_style(site: Site) -> str:
    """The content of the inline style element. Sites with the same theme differ only in the accent colour."""
    return f":root{{--accent:{site.settings.accent}}}"


def content_security_policy(style: str) -> str:
    """Forbids scripts. Allows own style sheets, audio and video, the inline `style`, and images of any host.

    `connect-src` lets browser extensions and audits, which run in the page, read robots.txt of the site.
    """
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'self' 'sha256-{digest}'; img-src 'self' https: data:; font-src 'self';"
        " connect-src 'self'; media-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
