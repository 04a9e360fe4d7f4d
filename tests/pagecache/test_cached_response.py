"""Responses are encoded, stored in the cache and read again, and a page depends only on declared query parameters."""

import gzip
import math

import brotli
import pytest
from django.core.exceptions import TooManyFieldsSent

from pagecache.cached_response import MIN_COMPRESSED, CachedResponse, encode, from_bytes, negotiate_encoding, to_bytes
from pagecache.decorators import MAX_PARAMETERS, declared_query

pytestmark = pytest.mark.pure

LONG = b"Long enough to be compressed. " * 20
HEADERS = [("Content-Type", "text/html"), ("Content-Length", "7"), ("vary", "Cookie"), ("Link", "<\xe9>; a=b: c")]


@pytest.mark.parametrize(
    ("header", "encoding"),
    [
        ("", "identity"),
        ("identity", "identity"),
        ("gzip", "gzip"),
        ("br", "br"),
        ("gzip, deflate, br, zstd", "br"),
        ("br;q=0.1, gzip;q=1.0", "br"),
        ("GZIP", "gzip"),
        ("deflate, zstd, compress", "identity"),
        ("x-br, brotli, gzipped", "identity"),
        ("gzip;q=0", "identity"),
        ("gzip;q=0.000", "identity"),
        ("gzip ; q=0", "identity"),
        ("gzip;\tq=0", "identity"),
        ("gzip;Q=0", "identity"),
        ("gzip;q=0.001", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("*", "br"),
        ("*;q=0", "identity"),
        ("br;q=0, *", "gzip"),
        ("gzip, *;q=0", "gzip"),
        ("gzip;q=0, br;q=0, *", "identity"),
        ("identity;q=0", "identity"),
        (",,;;q=,=", "identity"),
        ("a" * 8000, "identity"),
    ],
)
def test_the_encoding_follows_the_accept_encoding_header(header, encoding):
    assert negotiate_encoding(header) == encoding


@pytest.mark.parametrize(("encoding", "decompress"), [("gzip", gzip.decompress), ("br", brotli.decompress)])
def test_a_long_body_is_compressed_and_a_short_body_is_not(encoding, decompress):
    compressed = encode("200 OK", HEADERS, LONG, encoding, math.inf)
    short = encode("200 OK", HEADERS, LONG[: MIN_COMPRESSED - 1], encoding, math.inf)

    assert decompress(compressed.body) == LONG
    assert dict(compressed.headers)["Content-Encoding"] == encoding
    assert short.body == LONG[: MIN_COMPRESSED - 1]
    assert "Content-Encoding" not in dict(short.headers)
    for each in (compressed, short):
        names = [name.lower() for name, _ in each.headers]
        assert len(names) == len(set(names))
        assert dict(each.headers)["Content-Length"] == str(len(each.body))
        assert dict(each.headers)["Vary"] == "Accept-Encoding"


def test_the_etag_depends_on_body_and_encoding():
    def encoded(body=LONG, encoding="gzip"):
        return encode("200 OK", HEADERS, body, encoding, math.inf)

    assert encoded() == encoded()
    tags = {dict(each.headers)["ETag"] for each in (encoded(), encoded(LONG + b"."), encoded(encoding="br"))}
    assert len(tags) == 3


@pytest.mark.parametrize("body", [b"", b"\n\n", LONG, b"one\n\ntwo\n\n", bytes(range(256))])
@pytest.mark.parametrize("expires_at", [math.inf, 1785000000.123456])
def test_a_stored_response_is_read_unchanged(body, expires_at):
    stored = CachedResponse("200 OK", HEADERS, body, expires_at, MODIFIED_AT)

    assert from_bytes("key", to_bytes("key", stored)) == stored


MODIFIED_AT = 1_785_000_000.9
IN_THAT_SECOND, ROUNDED_UP = "Sat, 25 Jul 2026 17:20:00 GMT", "Sat, 25 Jul 2026 17:20:01 GMT"


def test_the_date_is_rounded_up_and_answered_once_all_changes_of_its_second_are_known():
    page = encode("200 OK", HEADERS, LONG, "br", math.inf, MODIFIED_AT)

    assert dict(page.headers)["Last-Modified"] == ROUNDED_UP
    assert dict(page.earlier_headers()) == dict(page.headers) | {"Last-Modified": IN_THAT_SECOND}
    assert page.settled_at == int(MODIFIED_AT) + 3
    for now, is_current in ((page.settled_at - 0.01, False), (page.settled_at, True)):
        assert page.is_current(None, ROUNDED_UP, now) == is_current
        assert not page.is_current(None, IN_THAT_SECOND, now)


def test_a_response_without_a_time_has_no_date_and_answers_none():
    page = encode("301 Moved Permanently", HEADERS, b"", "identity", math.inf)

    assert "Last-Modified" not in dict(page.headers)
    assert not page.is_current(None, ROUNDED_UP, MODIFIED_AT + 10)


def test_reading_a_corrupt_entry_or_the_entry_of_another_key_gives_none():
    stored = to_bytes("key", encode("200 OK", HEADERS, LONG, "br", math.inf))

    assert from_bytes("key", stored) is not None
    assert from_bytes("another key", stored) is None
    assert from_bytes("ke", stored) is None
    for length in range(len(stored)):
        assert from_bytes("key", stored[:length]) is None
    for place in range(len(stored)):
        assert from_bytes("key", stored[:place] + bytes([stored[place] ^ 1]) + stored[place + 1 :]) is None
    for rubbish in (b"", b"OK", b"\n\n\n\n", stored + b"x", stored * 2, b"x" + stored, stored[9:], b"\0" * 100):
        assert from_bytes("key", rubbish) is None


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ""),
        ("before=7", "before=7"),
        ("utm_source=x&before=7&fbclid=y", "before=7"),
        ("before=1&before=7", "before=7"),
        ("%62efore=7", "before=7"),
        ("before=%37", "before=7"),
        ("before=", "before="),
        ("before", "before="),
        ("BEFORE=7&before[]=8&before%00=9& before=1", ""),
        ("before=7;x=1", "before=7%3Bx%3D1"),
        ("&&&=&", ""),
        ("a=1&b=2", ""),
        ("before=a+b%26page=2", "before=a+b%26page%3D2"),
    ],
)
def test_a_query_string_is_reduced_to_declared_parameters_in_canonical_spelling(query, expected):
    assert declared_query(query, ["before"]) == expected
    assert declared_query(query, []) == ""


def test_query_parameters_are_sorted_by_the_order_of_their_declaration():
    assert declared_query("b=2&a=1", ["a", "b"]) == declared_query("a=1&b=2", ["a", "b"]) == "a=1&b=2"


def test_a_query_string_with_too_many_parameters_is_refused():
    assert declared_query("&".join(["before=7"] * MAX_PARAMETERS), ["before"]) == "before=7"
    with pytest.raises(TooManyFieldsSent):
        declared_query("&".join(["x=7"] * (MAX_PARAMETERS + 1)), ["before"])
