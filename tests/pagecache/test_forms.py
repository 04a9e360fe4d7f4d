"""The page cache responds correctly to HEAD requests, conditional requests and each accepted encoding."""

import gzip
import re
from urllib.parse import urljoin

import brotli
import pytest
from django.test import Client

from blogs.models import Placement
from lib.cache_control import CACHE_CONTROL
from pagecache.cached_response import MIN_COMPRESSED
from tests.support.demo import SITES, run_demo
from tests.support.pagecache.memory import empty_page_cache
from tests.support.reading import read

HOST = "techblog.test"
DECOMPRESS = {"identity": bytes, "gzip": gzip.decompress, "br": brotli.decompress}
LINK = re.compile(r'href="([^"#]*)')


@pytest.fixture
def hello(techblog, publish):
    """A post of the techblog at /hello/."""
    return publish("Hello", on=techblog)


def decompressed(response):
    return DECOMPRESS[response.headers.get("Content-Encoding", "identity")](response.body)


# -- HEAD and conditional requests -----------------------------------------------------------------------------------


@pytest.mark.sqlite
@pytest.mark.parametrize("path", ["/", "/hello/", "/nothing/"])
def test_the_response_to_head_has_the_headers_of_get_and_no_body(hello, path):
    for _ in ("cold", "warm"):
        head = read(HOST, path, method="HEAD")
        get = read(HOST, path)
        assert head.body == b""
        assert get.body != b""
        passing = {"X-Cache": None, "Age": None}
        assert (head.status, head.headers | passing) == (get.status, get.headers | passing)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_conditional_request_gets_304_if_the_etag_matches(hello, method):
    def conditional(tag, **headers):
        return read(HOST, "/hello/", method=method, HTTP_IF_NONE_MATCH=tag, **headers)

    page = read(HOST, "/hello/")
    tag = page.headers["ETag"]
    compressed = read(HOST, "/hello/", HTTP_ACCEPT_ENCODING="gzip").headers["ETag"]
    for known in (tag, f"W/{tag}", f'"other", W/"third",{tag}', "*", f" {tag} "):
        for state in ("MISS", "HIT"):
            if state == "MISS":
                empty_page_cache()
            response = conditional(known)
            assert (response.status, response.body, response.headers["X-Cache"]) == (304, b"", state), known
            assert {name: response.headers[name] for name in ("ETag", "Vary", "Cache-Control")} == {
                "ETag": tag, "Vary": "Accept-Encoding", "Cache-Control": CACHE_CONTROL,
            }  # fmt: skip
            assert not {"Content-Length", "Content-Encoding"} & set(response.headers)
    for other in ('"other"', tag.strip('"'), compressed, f"{tag[:-1]}x{tag[-1:]}", ""):
        assert conditional(other).status == 200, other
    assert conditional(tag, HTTP_ACCEPT_ENCODING="gzip").status == 200
    assert read(HOST, "/nothing/", HTTP_IF_NONE_MATCH="*").status == 404


def test_a_hit_has_the_header_age_and_every_response_varies_by_accept_encoding(hello):
    assert "Age" not in read(HOST).headers
    assert read(HOST).headers["Age"] == "0"
    for _ in ("cold", "warm"):
        assert read(HOST, "/hello/").headers["Vary"] == "Accept-Encoding"


# -- encodings -------------------------------------------------------------------------------------------------------


def test_a_hit_in_each_encoding_decompresses_to_the_same_page(hello):
    bodies = {}
    for encoding in DECOMPRESS:
        for state in ("MISS", "HIT"):
            response = read(HOST, HTTP_ACCEPT_ENCODING=encoding)
            assert response.headers["X-Cache"] == state
            assert response.headers.get("Content-Encoding", "identity") == encoding
            assert response.headers["Content-Length"] == str(len(response.body))
            bodies[encoding, state] = decompressed(response)
    assert set(bodies.values()) == {read(HOST).body}
    assert len({read(HOST, HTTP_ACCEPT_ENCODING=encoding).headers["ETag"] for encoding in DECOMPRESS}) == 3


def test_every_page_of_the_demo_is_the_same_cached_and_uncached_in_each_encoding(installation):
    run_demo()
    for host in SITES:
        client = Client(headers={"host": host})
        found, seen = ["/", "/feed/", "/sitemap.xml", "/robots.txt"], {}
        while found:
            if (address := found.pop()) in seen or address.startswith(("/static/", "/media/")):
                continue
            response = client.get(address)
            seen[address] = response.content
            is_text = not response.headers["Content-Type"].startswith("image/")
            links = [urljoin(address, link) for link in LINK.findall(response.text if is_text else "")]
            found += [link for link in links if link.startswith("/")]
        assert Placement.objects.filter(site__domain=host).live().count() + 10 < len(seen)
        assert any("?before=" in address for address in seen)
        for address, uncached in seen.items():
            for encoding in DECOMPRESS:
                cold, warm = (read(host, address, HTTP_ACCEPT_ENCODING=encoding) for _ in range(2))
                assert (cold.headers["X-Cache"], warm.headers["X-Cache"]) == ("MISS", "HIT"), address
                assert decompressed(cold) == decompressed(warm) == uncached, address
                assert cold.headers["Vary"] == "Accept-Encoding"
                assert len(uncached) < MIN_COMPRESSED or cold.body != uncached or encoding == "identity"
