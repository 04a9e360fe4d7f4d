"""Responses with a part of a file (RFC 9110, 14). Players need them to seek, and Safari to play at all."""

import re
from collections.abc import Iterator
from typing import IO, Any

from django.core.files.base import File
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

_RANGE = re.compile(r"bytes=[ \t]*(?P<first>[0-9]{0,18})-(?P<last>[0-9]{0,18})[ \t]*")
_CHUNK = 64 * 1024


def file_response(request: HttpRequest, file: "IO[bytes] | File[Any]", size: int, etag: str) -> HttpResponseBase:
    """The whole open file, or the part that the request asks for. `etag` is a strong entity tag with its quotes.

    A request for several parts gets the whole file, as the RFC allows.
    """
    requested = _requested(request, size, etag)
    response: HttpResponseBase
    if requested is None:
        response = FileResponse(file)
        response["Content-Length"] = size
    elif not requested:
        file.close()
        response = HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    else:
        response = StreamingHttpResponse(_Part(file, requested), status=206)
        response["Content-Range"] = f"bytes {requested.start}-{requested.stop - 1}/{size}"
        response["Content-Length"] = len(requested)
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = etag
    return response


def _requested(request: HttpRequest, size: int, etag: str) -> range | None:
    """The requested bytes. None for the whole file, and an empty range if the file has none of the bytes."""
    found = _RANGE.fullmatch(request.headers.get("Range", ""))
    if request.method != "GET" or not found or request.headers.get("If-Range", etag) != etag:
        return None
    first, last = found["first"], found["last"]
    if not first:
        return range(max(0, size - int(last)), size) if last else None
    if last and int(last) < int(first):
        return None
    return range(int(first), min(int(last) + 1, size) if last else size)


class _Part:
    """The bytes of an open file in this range. The response closes the file."""

    def __init__(self, file: "IO[bytes] | File[Any]", requested: range) -> None:
        self._file, self._remaining = file, len(requested)
        file.seek(requested.start)

    def __iter__(self) -> Iterator[bytes]:
        while self._remaining and (chunk := self._file.read(min(_CHUNK, self._remaining))):
            self._remaining -= len(chunk)
            yield chunk

    def close(self) -> None:
        self._file.close()
