"""Only files can be requested in parts: the header Range reaches Django for them and for no page."""

from types import SimpleNamespace

import pytest

from pagecache.requests import anonymous

pytestmark = pytest.mark.pure

SITE = SimpleNamespace(primary="techblog.test")


@pytest.mark.parametrize(
    ("path", "method", "is_kept"),
    [
        ("/media/a.mp4", "GET", True),
        ("/media/a.mp4", "HEAD", False),
        ("/post/", "GET", False),
        ("/media", "GET", False),
    ],
)
def test_a_requested_range_reaches_the_views_of_files_only(path, method, is_kept):
    environ = {
        "PATH_INFO": path,
        "REQUEST_METHOD": method,
        "HTTP_COOKIE": "session=x",
        "HTTP_RANGE": "bytes=0-1",
        "HTTP_IF_RANGE": '"a"',
    }

    remaining = anonymous(environ, SITE)

    assert ("HTTP_RANGE" in remaining, "HTTP_IF_RANGE" in remaining) == (is_kept, is_kept)
    assert "HTTP_COOKIE" not in remaining
