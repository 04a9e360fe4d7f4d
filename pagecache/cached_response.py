"""Responses as readers receive them: content encoding, conditional requests, and serialisation for the cache."""

import gzip
import zlib
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

import brotli
from django.utils.http import http_date, parse_http_date, parse_http_date_safe

Headers = list[tuple[str, str]]

ENCODINGS = ("br", "gzip", "identity")  # in order of preference
MAX_ACCEPT_ENCODING = 200  # Characters of the header. Browsers send about 40.
MIN_COMPRESSED = 256  # Bytes. Shorter bodies are not compressed.
# Seconds from the beginning of the second of a change. Then every process knows all changes of that second: the
# registry takes 0.25 s at most, and the rest is for clocks that differ.
SETTLED_AFTER = 3

_HEADERS_OF_304 = frozenset({"cache-control", "etag", "vary"})  # RFC 9110, 15.4.5


class CachedResponse(NamedTuple):
    """A public response in one encoding."""

    status: str  # The code and the reason phrase, for example "200 OK".
    headers: Headers
    body: bytes
    expires_at: float  # Unix time. Infinity if only a change of the site invalidates the response.
    settled_at: float = 0.0  # Unix time. Before it, the client gets an earlier Last-Modified (`earlier_headers`).

    def earlier_headers(self) -> Headers:
        """The headers before `settled_at`. Their date is the second of the change, not rounded up."""
        date = http_date(self.settled_at - SETTLED_AFTER)
        return [(name, date if name == "Last-Modified" else value) for name, value in self.headers]

    def is_current(self, if_none_match: str | None, if_modified_since: str | None, now: float) -> bool:
        """Whether the client has this version, by the headers of its request (RFC 9110, 13.2.2).

        With If-None-Match, the header If-Modified-Since does not count.
        """
        if if_none_match is not None:
            return self.matches(if_none_match)
        modified = self._header("Last-Modified")
        if not if_modified_since or modified is None or now < self.settled_at:
            return False
        known = parse_http_date_safe(if_modified_since)
        return known is not None and parse_http_date(modified) <= known

    def not_modified_headers(self) -> Headers:
        """The headers that a 304 response repeats."""
        return [(name, value) for name, value in self.headers if name.lower() in _HEADERS_OF_304]

    def matches(self, if_none_match: str) -> bool:
        """Whether the header If-None-Match contains the ETag, by weak comparison (RFC 9110, 13.1.2)."""
        own = self._header("ETag")
        tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
        return own is not None and (own in tags or tags == ["*"])

    def _header(self, name: str) -> str | None:
        return next((value for header, value in self.headers if header == name), None)


def encode(
    status: str, headers: Headers, body: bytes, encoding: str, expires_at: float, modified_at: float = 0.0
) -> CachedResponse:
    """Compress a response of Django and add the headers that depend on its encoding, and Last-Modified.

    `modified_at` is the Unix time of the last change; 0 for a response without Last-Modified. Dates of HTTP have whole
    seconds. Another change may follow in the same second, and a response before it must not have the date of a response
    after it. So the date is rounded up, and the client gets it only when no further change of this second can appear.
    """
    headers = [(name, value) for name, value in headers if name.lower() not in ("content-length", "vary")]
    headers.append(("Vary", "Accept-Encoding"))
    if encoding != "identity" and len(body) >= MIN_COMPRESSED:
        body = _compress(body, encoding)
        headers.append(("Content-Encoding", encoding))
    if status.startswith("200"):
        headers.append(("ETag", f'"{blake2b(body, digest_size=12).hexdigest()}"'))
    headers.append(("Content-Length", str(len(body))))
    if not modified_at:
        return CachedResponse(status, headers, body, expires_at)
    headers.append(("Last-Modified", http_date(int(modified_at) + 1)))
    return CachedResponse(status, headers, body, expires_at, settled_at=int(modified_at) + SETTLED_AFTER)


def _compress(body: bytes, encoding: str) -> bytes:
    if encoding == "br":
        compressed: bytes = brotli.compress(body, quality=5)
        return compressed
    return gzip.compress(body, 6, mtime=0)


def negotiate_encoding(accept_encoding: str) -> str:
    """Choose the encoding for a request with this Accept-Encoding header (RFC 9110, 12.5.3)."""
    return _negotiate(accept_encoding) if len(accept_encoding) <= MAX_ACCEPT_ENCODING else "identity"


@lru_cache(maxsize=1000)
def _negotiate(accept_encoding: str) -> str:
    weights = {}
    for item in accept_encoding.lower().split(","):
        coding, _, weight = item.partition(";")
        weights[coding.strip()] = "".join(weight.split()).removeprefix("q=")
    for encoding in ENCODINGS[:-1]:
        if not _is_zero(weights.get(encoding, weights.get("*", "0"))):
            return encoding
    return "identity"


def _is_zero(weight: str) -> bool:
    return weight.strip("0.") == "" and weight != ""


def to_bytes(key: str, response: CachedResponse) -> bytes:
    """Serialise an entry: a checksum, a line for each other field, an empty line, and the body."""
    times = repr(response.expires_at), repr(response.settled_at)
    lines = [key, *times, response.status, *(f"{name}: {value}" for name, value in response.headers)]
    content = "\n".join(lines).encode("latin-1") + b"\n\n" + response.body
    return b"%08x\n" % zlib.adler32(content) + content


def from_bytes(key: str, entry: bytes) -> CachedResponse | None:
    """Parse an entry. Returns None if it is corrupt or belongs to another key."""
    if entry[:9] != b"%08x\n" % zlib.adler32(memoryview(entry)[9:]):
        return None
    head_ends = entry.index(b"\n\n")
    own_key, expires_at, settled_at, status, *lines = entry[9:head_ends].decode("latin-1").split("\n")
    if own_key != key:
        return None
    headers = [(name, value) for name, value in [line.split(": ", 1) for line in lines]]
    return CachedResponse(status, headers, entry[head_ends + 2 :], float(expires_at), float(settled_at))
