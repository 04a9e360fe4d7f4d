"""Request pages from the page cache of this process, without a server."""

from functools import cache
from typing import NamedTuple

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.test import RequestFactory

from pagecache.wsgi import PageCache
from tenancy.registry.site_registry import registry

PASSING = ("X-Cache", "Age")  # headers that may differ between two equal responses
# Headers that the page cache adds to a response of Django.
ADDED = (*PASSING, "Cache-Control", "Content-Length", "ETag", "Last-Modified", "Vary")


class Response(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


django = cache(get_wsgi_application)


@cache
def page_cache(*of_these_settings):
    return PageCache(django())


def read(host, path="/", data=None, secure=False, method="GET", **headers):
    """The response of the WSGI application. Headers have their WSGI names, such as HTTP_COOKIE."""
    environ = RequestFactory().generic(method, path, secure=secure, query_params=data).environ
    path_info = environ["PATH_INFO"].encode().decode("latin-1")  # as WSGI servers encode it; RequestFactory decodes it
    environ |= {"HTTP_HOST": host, "PATH_INFO": path_info, **headers}
    started = []
    application = page_cache(settings.PUBLIC_SCHEME, settings.PUBLIC_PORT)
    body = application(environ, lambda status, headers: started.extend((status, headers)))
    try:
        content = b"".join(body)
    finally:
        getattr(body, "close", bool)()
    return Response(int(started[0][:3]), dict(started[1]), content)


def assert_cached_like(response, host, path, data, secure):
    """Assert that the page cache gives this response of Django, at first and again from the stored page."""
    registry.expire()  # as if the interval after which the registry reads changes had passed
    content = response.getvalue() if response.streaming else response.content
    if response.streaming:
        response.streaming_content = [content]  # the test may read the stream again
    for cached in (read(host, path, data, secure), read(host, path, data, secure)):
        assert cached.status == response.status_code, cached
        if cached.status < 500:
            assert cached.body == content
        ours = {name: value for name, value in cached.headers.items() if name not in ADDED}
        theirs = {name: value for name, value in response.items() if name not in ADDED}
        assert ours == theirs
        assert "Set-Cookie" not in ours
