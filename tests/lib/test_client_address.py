"""The client's address: from X-Forwarded-For only if a trusted proxy sent the header."""

from ipaddress import ip_network

import pytest

from lib.client_address import TrustedProxies, network_of

pytestmark = pytest.mark.pure

PROXIES = TrustedProxies(map(ip_network, ["10.0.0.0/24", "fd00::/64", "203.0.113.0/24"]))


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        # A client connects directly, so its header is ignored.
        ("198.51.100.1", None, "198.51.100.1"),
        ("198.51.100.1", "192.0.2.9", "198.51.100.1"),
        ("10.0.1.1", "192.0.2.9", "10.0.1.1"),
        ("2001:db8::1", "192.0.2.9", "2001:db8::1"),
        # A trusted proxy appends the address of its peer. What is before it, the client may have written.
        ("10.0.0.5", "192.0.2.9", "192.0.2.9"),
        ("10.0.0.5", "192.0.2.66, 192.0.2.9", "192.0.2.9"),
        ("10.0.0.5", "10.0.0.7,192.0.2.9", "192.0.2.9"),
        ("fd00::5", "2001:db8::9", "2001:db8::9"),
        ("10.0.0.5", "rubbish", "rubbish"),
        ("10.0.0.5", None, "10.0.0.5"),
        # Behind two trusted proxies, such as a content delivery network and Traefik.
        ("10.0.0.5", "192.0.2.66, 192.0.2.9, 203.0.113.4", "192.0.2.9"),
        # The client is in the network of the proxies.
        ("10.0.0.5", "10.0.0.8", "10.0.0.8"),
        ("10.0.0.5", "10.0.0.7, 10.0.0.8", "10.0.0.8"),
        # A Unix socket has no peer address, and file permissions protect it.
        ("", None, ""),
        ("", "192.0.2.9", "192.0.2.9"),
        # An empty element is no Unix socket.
        ("10.0.0.5", "192.0.2.9, ", ""),
    ],
)
def test_the_client_is_the_last_address_that_trusted_proxies_appended_and_that_is_none_of_them(
    peer, forwarded, expected
):
    environ = {"REMOTE_ADDR": peer} | ({"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {})

    assert PROXIES.client_address(environ) == expected


def test_without_trusted_proxies_the_header_is_ignored():
    environ = {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "192.0.2.9"}

    assert TrustedProxies([]).client_address(environ) == "127.0.0.1"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.0.2.9", "192.0.2.9"),
        ("::ffff:192.0.2.9", "192.0.2.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::9", "2001:db8:1:3::/64"),
        ("", "unknown"),
        ("rubbish", "unknown"),
        ("192.0.2.9:4711", "unknown"),
    ],
)
def test_the_network_of_a_client_is_its_ipv4_address_or_its_ipv6_prefix(address, expected):
    assert network_of(address) == expected
