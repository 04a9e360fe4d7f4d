"""Pages of a site in the site's theme, with the headers that every page has."""

from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import get_template, select_template

from blogs.pages.site_context import frame_of


def render_page(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """A page from `themes/<theme>/<template>` with `site`, its `menu`, `path` and what `context` adds.

    Unless `context` has one, `canonical` is the absolute address of the requested path.
    """
    frame = frame_of(request.site)
    page = {
        "canonical": frame.site["origin"] + request.path,
        "menu": frame.menu,
        "path": request.path,
        "site": frame.site,
        **context,
    }
    # Without the request, so that no context processor of the admin's is asked.
    html = get_template(_in_theme(frame.site["theme"], template)).render(page)
    response = HttpResponse(html, status=status)
    response["Content-Security-Policy"] = frame.content_security_policy
    return response


@cache
def _in_theme(theme: str, template: str) -> str:
    """The theme's own template, or the one for all themes."""
    chosen: Any = select_template([f"themes/{theme}/{template}", f"blogs/{template}"])
    return str(chosen.template.name)
