"""What several tests of the page cache use besides the cast."""

import pytest
from django.urls import path as route

from blogs.pages import urls
from pagecache.decorators import public_page


@pytest.fixture
def probe():
    """probe(view): a view that stands at /probe/ of every site, or at another path, declared public."""
    before = list(urls.urlpatterns)
    yield lambda view, path="probe/": urls.urlpatterns.insert(0, route(path, public_page()(view)))
    urls.urlpatterns[:] = before
