"""What gunicorn lets through to the application, and when it does not start at all."""

import socket

import pytest

from tests.processes import Processes

pytestmark = pytest.mark.sqlite


@pytest.fixture(scope="module")
def server():
    """One server process for all tests that change nothing and ask for no site."""
    started = Processes()
    yield started.start()[0]
    started.stop()


def status(server, head):
    """The status of the answer to these bytes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(head)
        return int(connection.recv(4096).split(b" ")[1])


HEALTHY = b"GET /health/live HTTP/1.1\r\nHost: internal.localhost\r\n"


def test_a_plain_request_is_answered(server):
    assert status(server, HEALTHY + b"\r\n") == 200


@pytest.mark.parametrize(
    "header",
    [
        b"SCRIPT_NAME: /health",
        b"PATH_INFO: /elsewhere",
        b"X_Forwarded_Host: elsewhere.test",
        b"X-Forwarded-Proto: https",
        b"X-Forwarded-Proto: https\r\nX-Forwarded-Ssl: off",
        b"X-HTTP-Method-Override: DELETE",
        b"Forwarded: host=elsewhere.test;proto=https",
    ],
)
def test_headers_that_only_a_proxy_may_write_change_nothing(server, header):
    assert status(server, HEALTHY + header + b"\r\n\r\n") == 200


@pytest.mark.parametrize(
    "head",
    [
        HEALTHY + b"X-Folded: one\r\n two\r\n\r\n",
        HEALTHY + b"X-Spaced : one\r\n\r\n",
        HEALTHY + b"Bad\x00Name: one\r\n\r\n",
        HEALTHY + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
        HEALTHY + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"get /health/live HTTP/1.1\r\nHost: internal.localhost\r\n\r\n",
        b"GET /health/live HTTP/9.9\r\nHost: internal.localhost\r\n\r\n",
        b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: internal.localhost\r\n\r\n",
        HEALTHY + b"".join(b"X-%d: one\r\n" % number for number in range(200)) + b"\r\n",
        HEALTHY + b"X-Long: " + b"a" * 20_000 + b"\r\n\r\n",
    ],
    ids=["folded", "spaced", "nul", "two-lengths", "two-framings", "lower", "version", "line", "fields", "size"],
)
def test_what_is_no_proper_request_never_reaches_the_application(server, head):
    assert 400 <= status(server, head) < 500


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"SITE_ID": "999"}, "SITE_ID=999 names no site. Correct it, or unset it. Sites that exist: techblog.test"),
        ({"PUBLIC_PORT": "abc"}, "PUBLIC_PORT='abc' is not possible."),
    ],
)
def test_a_wrong_variable_ends_the_server_with_a_message(techblog, processes, environment, said):
    with pytest.raises(RuntimeError) as end:
        processes(1, **environment)

    assert "The process ended with 4" in str(end.value)
    assert str(end.value).count(said) == 1
    assert "Traceback" not in str(end.value)
