"""Renders a page in the theme of its site, with the headers that all pages have."""

from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import get_template, select_template
from django.utils.encoding import escape_uri_path

from blogs.pages.contexts import BaseContext, PageContext
from blogs.pages.site_context import shared_context


def render_page(request: HttpRequest, template: str, context: PageContext, status: int = 200) -> HttpResponse:
    """Render `themes/<theme>/<template>`, or `blogs/<template>` if the theme has none.

    The template gets BaseContext and `context`. If `context` has no `canonical`, the URL of the request is used.
    """
    shared = shared_context(request.site)
    path = escape_uri_path(request.path)  # Django decodes the path of a request.
    base: BaseContext = {
        "canonical": shared.site["origin"] + path,
        "menu": shared.menu,
        "path": path,
        "plain_words": shared.plain_words,
        "site": shared.site,
        "words": shared.words,
    }
    # Without `request`, Django runs no context processors. These are for the admin and read the session.
    html = get_template(_template_name(shared.site["theme"], template)).render({**base, **context})
    response = HttpResponse(html, status=status)
    response["Content-Security-Policy"] = shared.content_security_policy
    return response


@cache
def _template_name(theme: str, template: str) -> str:
    chosen: Any = select_template([f"themes/{theme}/{template}", f"blogs/{template}"])
    return str(chosen.template.name)
