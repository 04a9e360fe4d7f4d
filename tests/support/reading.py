"""A page as a reader gets it through the page cache of this process."""

from functools import cache
from typing import NamedTuple

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.test import RequestFactory

from pagecache.wsgi import PageCache
from tenancy.registry.site_registry import registry

PASSING = ("X-Cache", "Age")  # what may differ between two answers with the same bytes
# What the layer adds to what Django answered.
ADDED = (*PASSING, "Cache-Control", "Content-Length", "ETag", "Vary")


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


django = cache(get_wsgi_application)


@cache
def page_cache(*of_these_settings):
    return PageCache(django())


def read(host, path="/", data=None, secure=False, method="GET", **headers):
    """The answer of the whole application; headers by their names in WSGI, like HTTP_COOKIE."""
    environ = RequestFactory().generic(method, path, secure=secure, query_params=data).environ
    path_info = environ["PATH_INFO"].encode().decode("latin-1")  # as a server has it; Django's request decoded it
    environ |= {"HTTP_HOST": host, "PATH_INFO": path_info, **headers}
    started = []
    application = page_cache(settings.PUBLIC_SCHEME, settings.PUBLIC_PORT)
    body = application(environ, lambda status, headers: started.extend((status, headers)))
    try:
        content = b"".join(body)
    finally:
        getattr(body, "close", bool)()
    return Answer(int(started[0][:3]), dict(started[1]), content)


def assert_cached_like(response, host, path, data, secure):
    """What comes out of the cache, cold and warm, is what Django answered a moment ago."""
    registry.expire()  # as if a quarter of a second had passed since the last change
    content = response.getvalue() if response.streaming else response.content
    if response.streaming:
        response.streaming_content = [content]  # for the test, which may read it too
    for answer in (read(host, path, data, secure), read(host, path, data, secure)):
        assert answer.status == response.status_code, answer
        if answer.status < 500:
            assert answer.body == content
        ours = {name: value for name, value in answer.headers.items() if name not in ADDED}
        theirs = {name: value for name, value in response.items() if name not in ADDED}
        assert ours == theirs
        assert "Set-Cookie" not in ours
