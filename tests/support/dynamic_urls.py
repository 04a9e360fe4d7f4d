"""Views for tests: some below the prefix `/-/` of a site, and one outside it."""

from contextlib import contextmanager

from django.http import HttpResponse
from django.urls import include, path

from blogs.pages import urls
from pagecache.decorators import public_page
from tenancy.dynamic import dynamic_view, form_token

FORM = "/-/form/"
OTHER = "/-/other/"
OUTSIDE = "/outside/"


@dynamic_view
def form(request):
    """Respond to GET with a token for this form, and to POST with the text in the form."""
    if request.method == "POST":
        return HttpResponse(f"{request.site.name} received {request.POST.get('text', '')}")
    return HttpResponse(form_token(request, request.path))


@dynamic_view
def sets_cookies(request):
    response = HttpResponse(f"cookies: {sorted(request.COOKIES)}")
    response.set_cookie("seen", "yes")
    return response


@dynamic_view
def writes_cookie_header(request):
    return HttpResponse("Page.", headers={"Set-Cookie": "seen=yes", "X-Kept": "yes"})


@dynamic_view
@public_page()
def declared_public(request):
    return HttpResponse("Page.")


def undecorated(request):
    return HttpResponse("Undecorated.")


@dynamic_view
def broken(request):
    raise ZeroDivisionError


DYNAMIC = [
    path("-/form/", form),
    path("-/other/", form),
    path("-/cookies/", sets_cookies),
    path("-/cookie-header/", writes_cookie_header),
    path("-/public/", declared_public),
    path("-/broken/", broken),
    path("-/nested/", include([path("form/", form)])),
]
MISPLACED = [path("outside/", form), path("-/undecorated/", undecorated)]


@contextmanager
def added_to_sites(patterns):
    """Add the patterns to every site. Django keeps the list of patterns, so this changes it in place."""
    before = list(urls.urlpatterns)
    urls.urlpatterns[:0] = patterns
    try:
        yield
    finally:
        urls.urlpatterns[:] = before
