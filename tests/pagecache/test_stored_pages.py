"""A page as bytes, and which form of it a reader gets."""

import gzip
import math

import brotli
import pytest
from django.core.exceptions import TooManyFieldsSent

from pagecache.cached_response import WORTH_COMPRESSING, Page, accepted, from_bytes, page, to_bytes
from pagecache.decorators import MOST_PARAMETERS, declared

pytestmark = pytest.mark.pure

LONG = b"Long enough to be worth it. " * 20
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
def test_the_encoding_is_one_that_the_reader_takes(header, encoding):
    assert accepted(header) == encoding


@pytest.mark.parametrize(("encoding", "unpack"), [("gzip", gzip.decompress), ("br", brotli.decompress)])
def test_a_long_body_leaves_packed_and_a_short_one_as_it_is(encoding, unpack):
    packed = page("200 OK", HEADERS, LONG, encoding, math.inf)
    short = page("200 OK", HEADERS, LONG[: WORTH_COMPRESSING - 1], encoding, math.inf)

    assert unpack(packed.body) == LONG
    assert dict(packed.headers)["Content-Encoding"] == encoding
    assert short.body == LONG[: WORTH_COMPRESSING - 1]
    assert "Content-Encoding" not in dict(short.headers)
    for each in (packed, short):
        names = [name.lower() for name, _ in each.headers]
        assert len(names) == len(set(names))
        assert dict(each.headers)["Content-Length"] == str(len(each.body))
        assert dict(each.headers)["Vary"] == "Accept-Encoding"


def test_the_same_text_gives_the_same_bytes_and_another_one_another_tag():
    def made(body=LONG, encoding="gzip"):
        return page("200 OK", HEADERS, body, encoding, math.inf)

    assert made() == made()
    tags = {dict(each.headers)["ETag"] for each in (made(), made(LONG + b"."), made(encoding="br"))}
    assert len(tags) == 3


@pytest.mark.parametrize("body", [b"", b"\n\n", LONG, b"one\n\ntwo\n\n", bytes(range(256))])
@pytest.mark.parametrize("expires_at", [math.inf, 1785000000.123456])
def test_a_page_comes_back_as_it_was_stored(body, expires_at):
    stored = Page("301 Moved Permanently", HEADERS, body, expires_at)

    assert from_bytes("key", to_bytes("key", stored)) == stored


def test_whatever_else_lies_there_is_no_page():
    stored = to_bytes("key", page("200 OK", HEADERS, LONG, "br", math.inf))

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
    ("query", "read"),
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
def test_of_a_query_only_what_is_declared_counts_each_in_one_spelling(query, read):
    assert declared(query, ["before"]) == read
    assert declared(query, []) == ""


def test_the_order_of_parameters_is_that_of_the_declaration():
    assert declared("b=2&a=1", ["a", "b"]) == declared("a=1&b=2", ["a", "b"]) == "a=1&b=2"


def test_too_many_parameters_are_refused():
    assert declared("&".join(["before=7"] * MOST_PARAMETERS), ["before"]) == "before=7"
    with pytest.raises(TooManyFieldsSent):
        declared("&".join(["x=7"] * (MOST_PARAMETERS + 1)), ["before"])
