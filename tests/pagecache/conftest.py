"""Fixtures for tests of the page cache."""

import pytest
from django.urls import path as route

from blogs.pages import urls
from pagecache.decorators import public_page


@pytest.fixture
def probe():
    """probe(view): declare this view public and serve it at /probe/, or at another path, of every site."""
    before = list(urls.urlpatterns)
    yield lambda view, path="probe/": urls.urlpatterns.insert(0, route(path, public_page()(view)))
    urls.urlpatterns[:] = before
