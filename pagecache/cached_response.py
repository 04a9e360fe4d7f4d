"""Responses as readers receive them: content encoding, conditional requests, and serialisation for the cache."""

import gzip
import zlib
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

import brotli

Headers = list[tuple[str, str]]

ENCODINGS = ("br", "gzip", "identity")  # in order of preference
MAX_ACCEPT_ENCODING = 200  # Characters of the header. Browsers send about 40.
MIN_COMPRESSED = 256  # Bytes. Shorter bodies are not compressed.

_HEADERS_OF_304 = frozenset({"cache-control", "etag", "vary"})  # RFC 9110, 15.4.5


class CachedResponse(NamedTuple):
    """A public response in one encoding."""

    status: str  # The code and the reason phrase, for example "200 OK".
    headers: Headers
    body: bytes
    expires_at: float  # Unix time. Infinity if only a change of the site invalidates the response.

    def not_modified_headers(self) -> Headers:
        """The headers that a 304 response repeats."""
        return [(name, value) for name, value in self.headers if name.lower() in _HEADERS_OF_304]

    def matches(self, if_none_match: str) -> bool:
        """Whether the header If-None-Match contains the ETag, by weak comparison (RFC 9110, 13.1.2)."""
        own = next((value for name, value in self.headers if name == "ETag"), None)
        tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
        return own is not None and (own in tags or tags == ["*"])


def encode(status: str, headers: Headers, body: bytes, encoding: str, expires_at: float) -> CachedResponse:
    """Compress a response of Django and add the headers that depend on its encoding."""
    headers = [(name, value) for name, value in headers if name.lower() not in ("content-length", "vary")]
    headers.append(("Vary", "Accept-Encoding"))
    if encoding != "identity" and len(body) >= MIN_COMPRESSED:
        body = _compress(body, encoding)
        headers.append(("Content-Encoding", encoding))
    if status.startswith("200"):
        headers.append(("ETag", f'"{blake2b(body, digest_size=12).hexdigest()}"'))
    headers.append(("Content-Length", str(len(body))))
    return CachedResponse(status, headers, body, expires_at)


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
    """Serialise an entry: a checksum, a line each for key, expiry, status and headers, an empty line, and the body."""
    lines = [key, repr(response.expires_at), response.status, *(f"{name}: {value}" for name, value in response.headers)]
    content = "\n".join(lines).encode("latin-1") + b"\n\n" + response.body
    return b"%08x\n" % zlib.adler32(content) + content


def from_bytes(key: str, entry: bytes) -> CachedResponse | None:
    """Parse an entry. Returns None if it is corrupt or belongs to another key."""
    if entry[:9] != b"%08x\n" % zlib.adler32(memoryview(entry)[9:]):
        return None
    head_ends = entry.index(b"\n\n")
    own_key, expires_at, status, *lines = entry[9:head_ends].decode("latin-1").split("\n")
    if own_key != key:
        return None
    headers = [(name, value) for name, value in [line.split(": ", 1) for line in lines]]
    return CachedResponse(status, headers, entry[head_ends + 2 :], float(expires_at))
