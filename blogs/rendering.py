"""Pages of a site in the site's theme, with the headers that every page has."""

import hashlib
from base64 import b64encode
from typing import Any

from django.contrib.sites.models import Site
from django.http import HttpRequest, HttpResponse
from django.template.loader import select_template

from blogs.models import Placement
from tenancy.sites import site_url


def render_page(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """A page from `themes/<theme>/<template>` with `site`, its `menu` and what `context` adds.

    Unless `context` has one, `canonical` is the absolute address of the requested path.
    """
    site = request.site
    style = accent_style(site)
    page = {
        "accent_style": style,
        "canonical": site_url(site, request.path),
        "menu": Placement.objects.on(site).live().menu(),
        "site": site,
        "theme": site.settings.theme,
        **context,
    }
    html = select_template([f"themes/{site.settings.theme}/{template}", f"blogs/{template}"]).render(page, request)
    response = HttpResponse(html, status=status)
    response["Content-Security-Policy"] = content_security_policy(style)
    return response


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
