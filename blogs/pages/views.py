"""The public pages. Each view fetches from `request.site`, decides, renders."""

from datetime import date

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from blogs import redirects
from blogs.models import Author, Placement, Post, Tag
from blogs.pages.canonical import canonical_url
from blogs.pages.lists import home_page, page_or_404
from blogs.pages.presenters import on_page
from blogs.pages.rendering import render_page
from blogs.paths import public_path
from blogs.queries import post_at
from lib.database import DATABASE_AWAY
from pagecache.decorators import declare_public, public_page
from tenancy.absolute_urls import site_url
from tenancy.media import image_response
from tenancy.models import Robots
from tenancy.responses import unavailable


@require_safe
@public_page(query=["before"])
def home(request: HttpRequest) -> HttpResponse:
    return render_page(request, "home.html", {"page": home_page(request)})


@require_safe
@public_page()
def post(request: HttpRequest, slug: str) -> HttpResponse:
    row = post_at(request.site, slug)
    template = "page.html" if row.post__kind == Post.Kind.PAGE else "post.html"
    return render_page(request, template, {"post": on_page(row), "canonical": canonical_url(request.site, row)})


@require_safe
@public_page(query=["before"])
def tag(request: HttpRequest, slug: str) -> HttpResponse:
    tag = get_object_or_404(Tag, slug=slug)
    page = page_or_404(Placement.objects.on(request.site).live().posts().filter(post__tags=tag), request)
    return render_page(request, "tag.html", {"tag": tag, "page": page})


@require_safe
@public_page(query=["before"])
def author(request: HttpRequest, slug: str) -> HttpResponse:
    author = get_object_or_404(Author, slug=slug)
    page = page_or_404(Placement.objects.on(request.site).live().posts().filter(post__authors=author), request)
    return render_page(request, "author.html", {"author": author, "page": page})


@require_safe
@public_page(query=["before"])
def month(request: HttpRequest, year: str, month: str) -> HttpResponse:
    first_day = date(int(year), int(month), 1)
    page = page_or_404(Placement.objects.on(request.site).live().posts().in_month(first_day), request)
    return render_page(request, "month.html", {"month": first_day, "page": page})


@require_safe
def media(request: HttpRequest, name: str) -> FileResponse:
    """An image that the site shows: its logo, or one of a live post."""
    logo = request.site.settings.logo
    is_logo = str(logo.name).endswith(f"/{name}")
    file = logo if is_logo else get_object_or_404(Placement.objects.on(request.site).live().images(), name=name).file
    # A name is never used for another image. Suspending the site or withdrawing the post ends it for who comes anew.
    return image_response(file, "public, max-age=31536000, immutable")


@require_safe
@public_page()
def robots(request: HttpRequest) -> HttpResponse:
    rule = "Disallow: /" if request.site.settings.robots == Robots.DISALLOW else "Disallow:"
    sitemap = site_url(request.site, public_path("sitemap"))
    return HttpResponse(f"User-agent: *\n{rule}\nSitemap: {sitemap}\n", content_type="text/plain; charset=utf-8")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404 of the site, or 301 for an address that moved."""
    try:
        target = redirects.target(request.site, request.path)
        if target is not None:
            return declare_public(request, HttpResponsePermanentRedirect(target))
        return render_page(request, "404.html", {}, status=404)
    except DATABASE_AWAY as error:  # which no middleware hears of here
        return unavailable(request, error)
