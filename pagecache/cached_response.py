"""A page as bytes: as it leaves for a reader, and as it lies in the cache."""

import gzip
import zlib
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

import brotli

Headers = list[tuple[str, str]]

ENCODINGS = ("br", "gzip", "identity")  # in our order of preference
LONGEST_ACCEPTED = 200  # of a header Accept-Encoding; browsers send a fifth of that
WORTH_COMPRESSING = 256  # bytes

_OF_A_304 = frozenset({"cache-control", "etag", "vary"})  # the others a browser has already (RFC 9110, 15.4.5)


class Page(NamedTuple):
    """An answer that everybody may keep, in one encoding."""

    status: str  # with its reason: "200 OK"
    headers: Headers
    body: bytes
    expires_at: float  # Unix time, infinity when only a change ends it

    def not_modified(self) -> Headers:
        """Headers of the answer to somebody who has this page already."""
        return [(name, value) for name, value in self.headers if name.lower() in _OF_A_304]

    def matches(self, if_none_match: str) -> bool:
        """Whether the header If-None-Match names this page, by weak comparison (RFC 9110, 13.1.2)."""
        own = next((value for name, value in self.headers if name == "ETag"), None)
        tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
        return own is not None and (own in tags or tags == ["*"])


def page(status: str, headers: Headers, body: bytes, encoding: str, expires_at: float) -> Page:
    """What Django answered, complete and compressed for readers of this encoding."""
    headers = [(name, value) for name, value in headers if name.lower() not in ("content-length", "vary")]
    headers.append(("Vary", "Accept-Encoding"))
    if encoding != "identity" and len(body) >= WORTH_COMPRESSING:
        body = _compress(body, encoding)
        headers.append(("Content-Encoding", encoding))
    if status.startswith("200"):
        headers.append(("ETag", f'"{blake2b(body, digest_size=12).hexdigest()}"'))
    headers.append(("Content-Length", str(len(body))))
    return Page(status, headers, body, expires_at)


def _compress(body: bytes, encoding: str) -> bytes:
    if encoding == "br":
        return brotli.compress(body, quality=5)
    return gzip.compress(body, 6, mtime=0)


def accepted(accept_encoding: str) -> str:
    """The encoding for a reader who sends this header Accept-Encoding (RFC 9110, 12.5.3)."""
    return _accepted(accept_encoding) if len(accept_encoding) <= LONGEST_ACCEPTED else "identity"


@lru_cache(maxsize=1000)
def _accepted(accept_encoding: str) -> str:
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


def to_bytes(key: str, page: Page) -> bytes:
    """A page as it is stored under this key: a checksum, then key, time, status and headers by line, then the body."""
    lines = [key, repr(page.expires_at), page.status, *(f"{name}: {value}" for name, value in page.headers)]
    content = "\n".join(lines).encode("latin-1") + b"\n\n" + page.body
    return b"%08x\n" % zlib.adler32(content) + content


def from_bytes(key: str, stored: bytes) -> Page | None:
    """The page that was stored under this key; None for whatever else these bytes are."""
    if stored[:9] != b"%08x\n" % zlib.adler32(memoryview(stored)[9:]):
        return None
    head_ends = stored.index(b"\n\n")
    own_key, expires_at, status, *lines = stored[9:head_ends].decode("latin-1").split("\n")
    if own_key != key:
        return None
    headers = [(name, value) for name, value in [line.split(": ", 1) for line in lines]]
    return Page(status, headers, stored[head_ends + 2 :], float(expires_at))
