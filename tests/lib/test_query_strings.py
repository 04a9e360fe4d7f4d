"""The query string of a request is added to the URL to which the request is redirected."""

import pytest

from lib.query_strings import MAX_URL, with_query

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("url", "query", "expected"),
    [
        ("/new/", "", "/new/"),
        ("/new/", "utm=1&b=", "/new/?utm=1&b="),
        ("/new/?a=1", "utm=1", "/new/?a=1&utm=1"),
        ("/new/?a=1", "a=2&%61=3&b=4", "/new/?a=1&b=4"),
        ("/new/?#part", "a=1", "/new/?a=1#part"),
        ("/new/#part", "a=1", "/new/?a=1#part"),
        ("https://elsewhere.test/x?y=1#z", "a=1&&", "https://elsewhere.test/x?y=1&a=1#z"),
        ("/new/", "a=%C3%BC+x", "/new/?a=%C3%BC+x"),
        ("/new/", "a=\xc3\xbc", "/new/?a=%C3%BC"),
        ("/new/", 'a="<b>#\r\nX: y', "/new/?a=%22%3Cb%3E%23%0D%0AX:%20y"),
        ("/new/", "next=//evil.test", "/new/?next=//evil.test"),
    ],
)
def test_a_query_string_is_added_and_values_of_the_url_win(url, query, expected):
    assert with_query(url, query) == expected
    assert with_query(with_query(url, query), query).startswith(expected.partition("#")[0])


def test_a_query_string_that_makes_the_url_too_long_is_left_out():
    assert with_query("/new/", "a=" + "x" * MAX_URL) == "/new/"
