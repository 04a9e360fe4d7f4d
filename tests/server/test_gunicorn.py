"""Which requests gunicorn passes to the application, what it logs, and when it refuses to start."""

import json
import os
import signal
import socket
import subprocess
import sys
from types import SimpleNamespace

import pytest
from gunicorn.config import Config

from devstack.ports import free_port
from devstack.processes import children, wait_until
from server.worker import IDLE_LINGER, Response, SendBuffer
from tests.support.processes import running

pytestmark = pytest.mark.sqlite


@pytest.fixture(scope="module")
def server():
    """One process for all tests that need no site and change no data."""
    with running() as (process,):
        yield process


def status(server, head):
    """Send these bytes to the server and return the status of the response."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(head)
        return int(connection.recv(4096).split(b" ")[1])


HEALTHY = b"GET /health/live HTTP/1.1\r\nHost: internal.localhost\r\n"


def test_a_plain_request_gets_a_response(server):
    assert status(server, HEALTHY + b"\r\n") == 200


def test_no_response_names_the_software_of_the_server(server):
    for head in (HEALTHY + b"\r\n", b"GET / HTTP/1.1\r\nHost: unknown.test\r\n\r\n", b"GET\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
            connection.sendall(head)
            response = connection.recv(65536).lower()
        assert response.startswith(b"http/1.1 ")
        assert b"\r\nserver:" not in response
        assert b"gunicorn" not in response


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
def test_forged_proxy_headers_do_not_change_the_response(server, header):
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
def test_a_malformed_request_never_reaches_the_application(server, head):
    assert 400 <= status(server, head) < 500


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"SITE_ID": "999"}, "SITE_ID=999 names no site. Correct it, or unset it. Sites that exist: techblog.test"),
        ({"PUBLIC_PORT": "abc"}, "PUBLIC_PORT='abc' is not valid."),
    ],
)
def test_an_invalid_variable_stops_the_start_with_a_message(techblog, processes, environment, expected):
    with pytest.raises(RuntimeError) as end:
        processes(1, **environment)

    assert "The process ended with exit code 4" in str(end.value)
    assert str(end.value).count(expected) == 1
    assert "Traceback" not in str(end.value)


def accesses(process):
    """The lines of the access log, each as a dictionary."""
    return [json.loads(line) for line in process.output().splitlines() if line.startswith("{")]


def last_access(process, agent):
    def found():
        return [line for line in accesses(process) if line["agent"].startswith(agent)]

    wait_until(found, timeout=3)
    return found()[-1]


def test_each_request_is_logged_as_one_line_of_json(server):
    server.get("internal.localhost", "/nothing/?secret=hidden", **{"User-Agent": "plain"})

    line = last_access(server, "plain")
    assert line.pop("time").endswith("+00:00")
    assert 0 <= line.pop("ms") < 5000
    assert line == {
        "site": "internal.localhost",
        "client": "127.0.0.1",
        "method": "GET",
        "path": "/nothing/",
        "status": 404,
        "cache": "-",
        "bytes": line["bytes"],
        "agent": "plain",
    }
    assert "hidden" not in server.output()


def test_a_head_request_gets_no_body_and_causes_no_warning_in_the_log(server):
    for host, path in (("unknown.test", "/"), ("admin.localhost", "/login/"), ("internal.localhost", "/nothing/")):
        assert server.get(host, path, "HEAD").body == ""

    last_access(server, "-")
    assert "no-body response" not in server.output()


def test_requests_of_health_checks_and_traefik_are_logged_only_if_they_fail(server):
    server.get("internal.localhost", "/health/live", **{"User-Agent": "content"})
    server.get("elsewhere.test", "/health/live", **{"User-Agent": "refused"})

    assert last_access(server, "refused")["status"] == 404
    assert not [line for line in accesses(server) if line["agent"] == "content"]


def test_hostile_fields_are_escaped_and_truncated_in_the_log(server):
    agent = b'"hostile" \\" \xff\xc3 {"a": 1}, \\n \t' + b"a" * 5000
    head = b'GET /%0a%22"\\' + b"p" * 3000 + b' HTTP/1.1\r\nHost: "evil\\\xe4.test"' + b"h" * 500
    status(server, head + b"\r\nUser-Agent: " + agent + b"\r\n\r\n")

    line = last_access(server, '"hostile" \\"')
    assert line["path"].startswith('/%0a%22"\\')
    assert line["site"].startswith('"evil\\\xe4.test"')
    assert (len(line["path"]), len(line["site"]), len(line["agent"])) == (1000, 100, 300)


def test_the_logged_client_address_is_taken_from_a_header_only_if_a_trusted_proxy_sends_it(server, processes):
    headers = {"User-Agent": "proxy", "X-Forwarded-For": "203.0.113.7, 198.51.100.9"}
    server.get("internal.localhost", "/nothing/", **headers)
    assert last_access(server, "proxy")["client"] == "127.0.0.1"

    behind = processes(1, TRUSTED_PROXIES="127.0.0.0/8")[0]
    behind.get("internal.localhost", "/nothing/", **headers)
    assert last_access(behind, "proxy")["client"] == "198.51.100.9"


def test_a_second_server_on_the_same_port_refuses_to_start(server, processes):
    with pytest.raises(RuntimeError, match="The process ended with exit code 4") as end:
        processes(1, BIND=f"127.0.0.1:{server.port}")

    assert f"Port {server.port} of 127.0.0.1 is taken." in str(end.value)
    assert "BIND=127.0.0.1:" in str(end.value)
    assert "Traceback" not in str(end.value)
    assert server.status("internal.localhost", "/health/live") == 200


def workers(process, *, without=()):
    """Wait until two worker processes are running whose ids are not in `without`. Returns their ids."""

    def found():
        return set(children(process.process.pid)) - set(without)

    wait_until(lambda: len(found()) == 2, timeout=5)
    return found()


def test_a_killed_worker_is_replaced(processes):
    server = processes(1, WEB_WORKERS="2")[0]
    killed = min(workers(server))

    os.kill(killed, signal.SIGKILL)

    assert len(workers(server, without=[killed])) == 2
    assert {server.status("internal.localhost", "/health/live") for _ in range(20)} == {200}


def test_a_reload_fails_no_request_while_idle_connections_are_open(processes):
    server = processes(1, WEB_WORKERS="2")[0]
    before = workers(server)
    kept = [socket.create_connection(("127.0.0.1", server.port), timeout=10) for _ in range(8)]
    for connection in kept:
        connection.sendall(HEALTHY + b"\r\n")
        connection.recv(4096)

    server.process.send_signal(signal.SIGHUP)
    seen = set()

    def reloaded():
        seen.add(server.status("internal.localhost", "/health/live"))
        return before.isdisjoint(children(server.process.pid))

    wait_until(reloaded)
    for connection in kept:
        connection.close()

    assert seen == {200}
    assert len(workers(server)) == 2


def test_a_server_stops_within_seconds_although_a_client_keeps_a_connection_without_a_request(processes):
    server = processes(1)[0]
    with socket.create_connection(("127.0.0.1", server.port)):
        assert server.status("internal.localhost", "/health/live") == 200

        server.process.send_signal(signal.SIGTERM)
        server.process.wait(IDLE_LINGER + 6)


# A program that starts gunicorn as the socket activation of systemd does: the listening socket is descriptor 3, and
# LISTEN_FDS and LISTEN_PID announce it.
ACTIVATE = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.executable, [sys.executable, "-m", "gunicorn", "-c", "server/gunicorn.py", "server.wsgi"])
"""


@pytest.fixture
def activated(tmp_path):
    """Return (a server process that received its socket as systemd would pass it, the port)."""
    with socket.create_server(("127.0.0.1", free_port())) as listener, (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-c", ACTIVATE, str(listener.fileno())],
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "settings.test", "WEB_WORKERS": "2"},
            pass_fds=[listener.fileno()],
            stdout=log,
            stderr=log,
        )
        yield server, listener.getsockname()[1]
        server.terminate()
        server.wait(20)


def test_a_socket_passed_by_systemd_is_served_before_and_after_a_reload(activated):
    server, port = activated
    assert live(port) == 200  # the connection waits in the backlog until the server has started
    before = set(children(server.pid))

    def reloaded():
        assert live(port) == 200
        return before.isdisjoint(children(server.pid))

    server.send_signal(signal.SIGHUP)
    wait_until(reloaded)
    assert server.poll() is None
    assert {live(port) for _ in range(10)} == {200}


def live(port):
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(HEALTHY + b"Connection: close\r\n\r\n")
        return int(connection.recv(4096).split(b" ")[1])


@pytest.mark.parametrize("header", [b"SCRIPT_NAME: /health", b"PATH_INFO: /elsewhere"])
def test_a_trusted_proxy_cannot_set_the_path_by_a_header(processes, header):
    behind = processes(1, TRUSTED_PROXIES="127.0.0.0/8")[0]

    assert status(behind, HEALTHY + header + b"\r\n\r\n") == 200


@pytest.mark.pure
def test_the_headers_and_the_first_part_of_the_body_are_sent_together():
    sent = SendBuffer()
    request = SimpleNamespace(version=(1, 1), method="GET", should_close=lambda: False)
    response = Response(request, sent, Config())
    response.start_response("200 OK", [("Content-Length", "10")])

    for part in (b"first", b"other"):
        response.write(part)

    assert [piece[-5:] for piece in sent] == [b"first", b"other"]
    assert sent[0].startswith(b"HTTP/1.1 200 OK\r\n")
