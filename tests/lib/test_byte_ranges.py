"""Parts of files: RFC 9110, 14."""

from io import BytesIO

import pytest
from django.core.signals import request_finished
from django.db import close_old_connections
from django.test import RequestFactory

from lib.byte_ranges import file_response

pytestmark = pytest.mark.pure

CONTENT = bytes(range(256)) * 1_000
ETAG = '"abc"'


@pytest.fixture(autouse=True)
def the_end_of_a_response_needs_no_database():
    request_finished.disconnect(close_old_connections)
    yield
    request_finished.connect(close_old_connections)


def respond(method="get", **headers):
    request = getattr(RequestFactory(), method)("/", headers=headers)
    file = BytesIO(CONTENT)
    response = file_response(request, file, len(CONTENT), ETAG)
    body = b"".join(response) if response.streaming else response.content
    response.close()
    assert file.closed
    return response, body


@pytest.mark.parametrize(
    ("requested", "part"),
    [
        ("bytes=0-", (0, 256_000)),
        ("bytes=0-1", (0, 2)),
        ("bytes=100-99999", (100, 100_000)),
        ("bytes=255999-300000", (255_999, 256_000)),
        ("bytes=-5", (255_995, 256_000)),
        ("bytes=-999999999", (0, 256_000)),
    ],
)
def test_one_range_gets_its_bytes(requested, part):
    response, body = respond(range=requested)

    assert response.status_code == 206
    assert body == CONTENT[slice(*part)]
    assert response["Content-Range"] == f"bytes {part[0]}-{part[1] - 1}/256000"
    assert response["Content-Length"] == str(len(body))
    assert response["ETag"] == ETAG


@pytest.mark.parametrize("requested", ["bytes=256000-", "bytes=-0", "bytes=999999-1000000"])
def test_a_range_without_bytes_gets_416_with_the_size(requested):
    response, body = respond(range=requested)

    assert (response.status_code, body) == (416, b"")
    assert response["Content-Range"] == "bytes */256000"


@pytest.mark.parametrize(
    "requested",
    ["", "bytes=", "bytes=-", "bytes=5-4", "bytes=0-1,5-6", "lines=0-1", "bytes=a-b", "bytes=" + "9" * 40 + "-"],
)
def test_several_ranges_and_malformed_ones_get_the_whole_file(requested):
    response, body = respond(range=requested)

    assert (response.status_code, body) == (200, CONTENT)
    assert response["Accept-Ranges"] == "bytes"
    assert response["Content-Length"] == "256000"


def test_a_range_counts_only_for_get_and_for_the_same_file():
    assert respond(range="bytes=0-1", **{"if-range": ETAG})[0].status_code == 206
    assert respond(range="bytes=0-1", **{"if-range": '"other"'})[0].status_code == 200
    assert respond("head", range="bytes=0-1")[0].status_code == 200
