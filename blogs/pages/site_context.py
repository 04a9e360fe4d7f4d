"""What the pages of a site have in common. Worked out anew for each generation of the site, and at its moments."""

import hashlib
import locale
import re
from base64 import b64encode
from typing import NamedTuple

from django.conf import settings
from django.contrib.sites.models import Site
from django.templatetags.static import static
from django.utils.translation import to_locale

from blogs.models import Placement
from blogs.pages.contexts import ImageContext, MenuItem, SiteContext
from blogs.paths import public_path
from tenancy.absolute_urls import site_url
from tenancy.models import Robots
from tenancy.registry.domain_map import SiteEntry
from tenancy.registry.per_generation import cached_per_generation
from tenancy.registry.site_registry import registry
from tenancy.themes import installed_theme


class Frame(NamedTuple):
    site: SiteContext
    menu: list[MenuItem]
    content_security_policy: str


def frame_of(site: Site) -> Frame:
    """Of the site as this process knows it now, which may be newer than `site`."""
    entry = registry.find(site.domain)
    # Meanwhile the domain may have become another site's.
    if entry is None or entry.site_id != site.pk:
        return _frame(site)
    try:
        return _frame_of_entry(entry)
    except Site.DoesNotExist:  # deleted since its pages were asked for
        return _frame(site)


@cached_per_generation
def _frame_of_entry(entry: SiteEntry) -> Frame:
    return _frame(registry.site(entry))


def _frame(site: Site) -> Frame:
    style = accent_style(site)
    theme = installed_theme(site.settings.theme, site.domain)
    language = site.settings.language
    shown: SiteContext = {
        "name": site.name,
        "tagline": site.settings.tagline,
        "accent": site.settings.accent,
        "accent_style": style,
        "feed": public_path("feed"),
        "hidden": site.settings.robots == Robots.DISALLOW,
        "home": public_path("home"),
        "language": language,
        "logo": _logo(site),
        "origin": site_url(site, ""),
        "right_to_left": language.partition("-")[0] in settings.LANGUAGES_BIDI,
        "styles": {
            "base": static("blogs/base.css"),
            "code": static("blogs/code.css"),
            "theme": static(f"themes/{theme}.css"),
        },
        "territory": with_territory(language),
        "theme": theme,
    }
    pages = Placement.objects.on(site).live().menu()
    menu: list[MenuItem] = [{"path": page.get_absolute_url(), "title": page.post.title} for page in pages]
    return Frame(shown, menu, content_security_policy(style))


def _logo(site: Site) -> ImageContext | None:
    logo = site.settings.logo
    if not logo:
        return None
    return {
        "path": public_path("media", str(logo).rpartition("/")[2]),
        "width": site.settings.logo_width,
        "height": site.settings.logo_height,
    }


def accent_style(site: Site) -> str:
    """The only thing in a page's style that differs between sites of one theme."""
    return f":root{{--accent:{site.settings.accent}}}"


def content_security_policy(style: str) -> str:
    """No script at all, our own styles and that one; images may come from elsewhere, as old archives show them."""
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'self' 'sha256-{digest}'; img-src 'self' https: data:; font-src 'self';"
        " media-src 'self' https:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


def with_territory(language: str) -> str:
    """A locale as Open Graph wants it: pt-br → pt_BR, de → de_DE; empty where the territory is anybody's guess."""
    name = locale.normalize(to_locale(language)).partition(".")[0]
    return name if re.fullmatch(r"[a-z]{2,3}_[A-Z]{2}", name) else ""
