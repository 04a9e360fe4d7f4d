"""A site can have its own deployment. It moves to an address only if a process at that address serves the site."""

import http.server
import threading
import time
from contextlib import contextmanager

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from tenancy import deployments, lifecycle
from tenancy.models import SiteSettings
from tests.support.admin import errors, saved, send

ADDRESSES = [
    "http://techblog:8000",
    "http://newsstand_1-web:8000",
    "https://blog.example.com",
    "http://127.0.0.1:8001",
    "http://[::1]:8001",
]
INVALID_ADDRESSES = [
    "",
    "shared",
    "techblog:8000",
    "http://",
    "http://techblog:8000/",
    "http://techblog:8000/path",
    "http://techblog:8000?x",
    "http://user:password@techblog:8000",
    "http://techblog:0",
    "http://techblog:99999",
    "http://techblog:8000,http://other:8000",
    "http://TECHBLOG:8000",
    "http://a b:1",
    "http://[techblog]:1",
    "http://a`b:1",
    "ftp://techblog:21",
    "http://techblog:8000\n",
    "http://a..b:8000",
    f"http://{'a' * 64}:8000",
    f"http://{'a' * 300}:1",
]


@pytest.mark.pure
@pytest.mark.parametrize("text", ADDRESSES)
def test_a_valid_address_is_accepted(text):
    assert deployments.is_address(text)


@pytest.mark.pure
@pytest.mark.parametrize("text", INVALID_ADDRESSES)
def test_an_invalid_address_is_refused(text):
    assert not deployments.is_address(text)


@pytest.mark.pure
def test_the_address_of_a_deployment_is_replaced_by_the_addresses_of_its_replicas(monkeypatch):
    found = [(2, 1, 6, "", (ip, 8000)) for ip in ("10.0.0.3", "10.0.0.2", "10.0.0.3")]
    monkeypatch.setattr(deployments.socket, "getaddrinfo", lambda *args, **kwargs: found)

    assert deployments.replicas(["http://web:8000"]) == {
        "http://web:8000": ["http://10.0.0.2:8000", "http://10.0.0.3:8000"]
    }


@pytest.mark.pure
def test_an_address_whose_name_does_not_resolve_in_time_is_kept_and_not_queried_again(monkeypatch):
    released = threading.Event()
    queries = []
    monkeypatch.setattr(
        deployments.socket, "getaddrinfo", lambda *args, **kwargs: queries.append(1) or released.wait(5)
    )

    for _ in range(3):
        assert deployments.replicas(["http://hanging:8000"]) == {"http://hanging:8000": ["http://hanging:8000"]}

    released.set()
    assert len(queries) == 1


def test_a_site_moves_to_a_deployment_that_serves_it_and_back_to_the_shared_deployment(
    techblog, financeblog, processes
):
    shared, pinned = processes(1)[0], processes(1, SITE_ID=str(techblog.pk))[0]

    for process in (pinned, shared):
        address = f"http://127.0.0.1:{process.port}"
        lifecycle.move(techblog, address, by=None)
        assert SiteSettings.objects.get(site=techblog).deployment == address

    lifecycle.move(techblog, "", by=None)
    assert SiteSettings.objects.get(site=techblog).deployment == ""


def test_a_site_does_not_move_to_the_deployment_of_another_site(techblog, financeblog, processes):
    [pinned] = processes(1, SITE_ID=str(financeblog.pk))

    with pytest.raises(ValidationError, match="pinned to site"):
        lifecycle.move(techblog, f"http://127.0.0.1:{pinned.port}", by=None)

    assert SiteSettings.objects.get(site=techblog).deployment == ""


def test_a_site_does_not_move_to_a_deployment_without_blogs(techblog, processes):
    [admin] = processes(1, SURFACES="admin,internal")

    with pytest.raises(ValidationError, match="misdirected"):
        lifecycle.move(techblog, f"http://127.0.0.1:{admin.port}", by=None)


@contextmanager
def other_server(body):
    """The address of a server that does not belong to the installation and responds with this body."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("body", [b"", b"hello", b"[]", b'{"status": "ready"}'])
def test_a_site_does_not_move_to_a_server_outside_the_installation(techblog, body):
    with (
        other_server(body) as address,
        pytest.raises(ValidationError, match="not a process of this installation"),
    ):
        lifecycle.move(techblog, address, by=None)


def test_the_message_for_an_unknown_deployment_says_what_to_do(techblog):
    with pytest.raises(CommandError, match="does not serve techblog") as refusal:
        call_command("site", "move", "techblog.test", "--to", "http://127.0.0.1:1")

    assert "Start the deployment first" in str(refusal.value)


def test_the_message_for_an_invalid_address_shows_a_valid_address(techblog):
    with pytest.raises(CommandError, match="like http://techblog:8000"):
        call_command("site", "move", "techblog.test", "--to", "nowhere")


def test_the_command_names_the_deployment_of_a_site(techblog, processes, capsys):
    [process] = processes(1)

    call_command("site", "move", "techblog.test", "--to", f"http://127.0.0.1:{process.port}")
    assert f"served by http://127.0.0.1:{process.port}." in capsys.readouterr().out

    call_command("site", "move", "techblog.test", "--to", "shared")
    assert "served by the shared deployment." in capsys.readouterr().out


def test_superusers_move_a_site_in_the_admin(techblog, superuser, admin_as, processes):
    page, [process] = f"/sites/site/{techblog.pk}/change/", processes(1)
    address = f"http://127.0.0.1:{process.port}"

    refused = send(admin_as(superuser), page, **{"settings-0-deployment": "http://127.0.0.1:1"})
    assert "does not serve techblog.test" in errors(refused)
    assert SiteSettings.objects.get(site=techblog).deployment == ""

    assert saved(send(admin_as(superuser), page, **{"settings-0-deployment": address}))
    assert SiteSettings.objects.get(site=techblog).deployment == address


def test_owners_can_neither_see_nor_change_the_deployment_of_their_site(techblog, owner, admin_as):
    page, address = f"/sites/site/{techblog.pk}/change/", "http://techblog:8000"
    SiteSettings.objects.filter(site=techblog).update(deployment=address)

    assert address not in admin_as(owner).get(page).content.decode()
    assert saved(send(admin_as(owner), page, **{"settings-0-deployment": "", "settings-0-tagline": "Changed"}))

    assert SiteSettings.objects.values_list("deployment", "tagline").get(site=techblog) == (address, "Changed")


def test_a_server_that_never_completes_its_response_is_refused_in_time(techblog, dripping):
    began = time.monotonic()

    with pytest.raises(ValidationError, match="no response"):
        lifecycle.move(techblog, dripping(b"HTTP/1.1 100 Continue\r\n\r\n"), by=None)

    assert time.monotonic() - began < deployments.READY_TIMEOUT + 1


def test_a_site_does_not_move_to_a_draining_deployment(techblog, processes, tmp_path):
    (tmp_path / "drain").touch()
    [draining] = processes(1, DRAIN_FILE=str(tmp_path / "drain"))

    with pytest.raises(ValidationError, match="its status is draining"):
        lifecycle.move(techblog, f"http://127.0.0.1:{draining.port}", by=None)


@pytest.mark.pure
@pytest.mark.parametrize("error", [OSError("Name or service not known"), UnicodeError("label too long")])
def test_an_address_with_an_unknown_host_name_is_kept(monkeypatch, error):
    def unknown(*args, **kwargs):
        raise error

    monkeypatch.setattr(deployments.socket, "getaddrinfo", unknown)

    assert deployments.replicas(["http://away:8000"]) == {"http://away:8000": ["http://away:8000"]}
