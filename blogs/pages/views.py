"""The public pages. Each view reads rows of `request.site` only, and renders them in the site's theme."""

from datetime import date

from django.contrib.sites.models import Site
from django.db.models.fields.files import FieldFile
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponsePermanentRedirect
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from blogs import queries, redirects
from blogs.models import Placement, Post
from blogs.models.files import is_media_file
from blogs.pages.canonical import canonical_url
from blogs.pages.contexts import AuthorPage, GonePage, HomePage, MonthPage, NotFoundPage, PostPage, TagPage
from blogs.pages.lists import post_list, post_list_or_404
from blogs.pages.presenters import month_name, present_author, present_post, present_tag
from blogs.pages.rendering import render_page
from blogs.pages.spellings import page_spelled
from blogs.paths import normal_path, public_path
from blogs.redirects.uses import STORED_FOR, uses
from lib.database import DATABASE_AWAY
from lib.query_strings import with_query
from pagecache.decorators import declare_public, public_page, sent_query
from tenancy.absolute_urls import site_url
from tenancy.media import media_response
from tenancy.models import Robots
from tenancy.responses import unavailable


@require_safe
@public_page(query=["before"])
def home(request: HttpRequest) -> HttpResponse:
    posts = post_list(queries.home_page_posts(request.site), request)
    return render_page(request, "home.html", HomePage(post_list=posts))


@require_safe
@public_page()
def post(request: HttpRequest, slug: str) -> HttpResponse:
    row = queries.post_or_404(request.site, slug)
    template = "page.html" if row.post__kind == Post.Kind.PAGE else "post.html"
    page = PostPage(post=present_post(row), canonical=canonical_url(request.site, row))
    return render_page(request, template, page)


@require_safe
@public_page(query=["before"])
def tag(request: HttpRequest, slug: str) -> HttpResponse:
    tag = queries.tag_or_404(request.site, slug)
    posts = post_list_or_404(queries.tag_posts(request.site, tag), request)
    return render_page(request, "tag.html", TagPage(tag=present_tag(tag), post_list=posts))


@require_safe
@public_page(query=["before"])
def author(request: HttpRequest, slug: str) -> HttpResponse:
    author = queries.author_or_404(request.site, slug)
    posts = post_list_or_404(queries.author_posts(request.site, author), request)
    return render_page(request, "author.html", AuthorPage(author=present_author(author), post_list=posts))


@require_safe
@public_page(query=["before"])
def month(request: HttpRequest, year: str, month: str) -> HttpResponse:
    first_day = date(int(year), int(month), 1)
    posts = post_list_or_404(queries.month_posts(request.site, first_day), request)
    return render_page(request, "month.html", MonthPage(month=month_name(first_day), post_list=posts))


@require_safe
def media(request: HttpRequest, name: str) -> HttpResponseBase:
    """The site's logo, or a file of a live post."""
    # `immutable`, because no other file ever gets the same name. After the post is unpublished, only browsers with a
    # cached copy can still show the file.
    return media_response(request, _file(request.site, name), "public, max-age=31536000, immutable")


def _file(site: Site, name: str) -> FieldFile:
    logo = site.settings.logo
    if str(logo.name).endswith(f"/{name}"):
        return logo
    live = Placement.objects.on(site).live()
    file: FieldFile = get_object_or_404(live.media_files() if is_media_file(name) else live.images(), name=name).file
    return file


@require_safe
@public_page()
def robots(request: HttpRequest) -> HttpResponse:
    rule = "Disallow: /" if request.site.settings.robots == Robots.DISALLOW else "Disallow:"
    sitemap = site_url(request.site, public_path("sitemap"))
    return HttpResponse(f"User-agent: *\n{rule}\nSitemap: {sitemap}\n", content_type="text/plain; charset=utf-8")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The site's 404 page.

    If the address has moved or is another spelling of the address of a page, a 301; if it was removed on purpose, the
    site's 410 page.
    """
    try:
        old_address = redirects.find(request.site, request.path)
        # A redirect for exactly this address precedes a page whose address resembles it, and a pattern does not.
        page = page_spelled(request.site, request.path) if old_address is None or not old_address.is_exact else None
        if page is not None:
            # Not public: each of the many spellings would add an entry to the page cache.
            return HttpResponsePermanentRedirect(with_query(page, sent_query(request)))
        if old_address is None:
            return render_page(request, "404.html", NotFoundPage(), status=404)
        return _moved(request, old_address)
    except DATABASE_AWAY as error:  # Django calls handler404 outside the middleware that handles this error.
        return unavailable(request, error)


def _moved(request: HttpRequest, old_address: redirects.OldAddress) -> HttpResponse:
    """The redirect to the new address, or the 410 page of an address that was removed on purpose."""
    if old_address.redirect_id is not None:
        uses.count(old_address.redirect_id)
    if not old_address.location:
        return render_page(request, "410.html", GonePage(), status=410)
    query = sent_query(request)
    moved = HttpResponsePermanentRedirect(with_query(old_address.location, query))
    # Each spelling, query string and address below a pattern would add an entry to the page cache. The cache itself
    # adds the query string of a request to a stored redirect.
    is_public = old_address.is_exact and not query and request.path == normal_path(request.path)
    return declare_public(request, moved, stored_for=STORED_FOR) if is_public else moved
