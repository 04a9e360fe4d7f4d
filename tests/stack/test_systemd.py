"""The units in systemd/ are valid, sandboxed and restart without failed requests. systemd need not be the init process.

The commands come from the unit files. The tests keep the listening socket open across restarts, as systemd does.
"""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from devstack.ports import free_port
from devstack.processes import PROCESS_TIMEOUT, status, wait_until
from devstack.readers import Readers
from devstack.stack import INTERNAL_HOST, TECHBLOG
from devstack.web import PROJECT
from tests.support.stack.client import route
from tests.support.stack.units import RELEASE, UNITS, Service, command, values

pytestmark = pytest.mark.stack

SERVICES = ["newsstand-web@8000", "newsstand-migrate", "newsstand-domains", "newsstand-traefik@8082"]
MAX_EXPOSURE = 20  # from 0 to 100, ten times the exposure level; systemd rates levels below 5.0 as “OK”


def needs(tool):
    return pytest.mark.skipif(not shutil.which(tool), reason=f"{tool} is not installed (Debian package: systemd)")


def all_succeeded(readers, event):
    print(f"{event}: {len(readers.requests)} requests, the slowest took {readers.slowest:.1f} s")
    return readers.requests and not readers.failed


@pytest.fixture
def services(stack, tmp_path):
    """services(2): starts two gunicorns, each on its own socket."""
    made = []

    def services(count):
        for number in range(count):
            folder = tmp_path / str(number)
            folder.mkdir()
            made.append(Service(stack, folder))
        for service in made:
            service.environment["SHARED_DEPLOYMENT"] = ",".join(one.url for one in made)
            service.launch()
        for service in made:
            service.wait_until_ready()
        return made

    yield services
    for service in made:
        service.end()


@pytest.fixture
def analyze(tmp_path):
    """analyze("verify", unit): the result of systemd-analyze for units whose release is this checkout."""
    shutil.copytree(UNITS, tmp_path / "units")
    for file in (tmp_path / "units").rglob("newsstand*"):
        if file.is_file():
            text = file.read_text().replace(f"{RELEASE}/.venv/bin", str(Path(sys.executable).parent))
            file.write_text(text.replace(RELEASE, str(PROJECT)))

    def analyze(*arguments):
        return subprocess.run(
            ["systemd-analyze", *arguments],
            env=os.environ | {"SYSTEMD_UNIT_PATH": f"{tmp_path}/units:"},  # the colon adds the system's own units
            capture_output=True,
            text=True,
        )

    return analyze


@needs("systemd-analyze")
def test_systemd_verify_accepts_every_unit_and_rejects_a_broken_unit(analyze, tmp_path):
    done = analyze("verify", "--man=no", "newsstand-web@8000.socket", *(f"{name}.service" for name in SERVICES))
    assert (done.returncode, done.stdout + done.stderr) == (0, "")

    (tmp_path / "units" / "newsstand-domains.service").write_text("[Service]\nExecStart=/nowhere\nRestrat=always\n")
    broken = analyze("verify", "--man=no", "newsstand-domains.service")
    assert "Restrat" in broken.stderr
    assert "/nowhere is not executable" in broken.stderr


@needs("systemd-analyze")
@pytest.mark.parametrize("name", SERVICES)
def test_each_service_passes_the_check_of_its_sandbox_and_fails_it_without_the_sandbox_options(analyze, tmp_path, name):
    security = ["security", "--offline=yes", "--no-pager", f"--threshold={MAX_EXPOSURE}", f"{name}.service"]
    done = analyze(*security)
    assert done.returncode == 0, done.stdout[-200:]

    (tmp_path / "units" / "newsstand-.service.d" / "hardening.conf").unlink()
    assert analyze(*security).returncode == 1


def test_the_list_of_services_contains_every_unit_file():
    assert {file.name for file in UNITS.glob("*.service")} == {
        f"{name.partition('@')[0]}{'@' * ('@' in name)}.service" for name in SERVICES
    }


def test_traefik_does_not_get_the_secrets_of_the_application():
    removed = values("newsstand-traefik@.service", "UnsetEnvironment")[0].split()

    assert {"SECRET_KEY", "DATABASE_URL", "REDIS_URL"} <= set(removed)
    assert "INTERNAL_TOKEN" not in removed


@needs("systemd-socket-activate")
def test_gunicorn_serves_on_the_socket_that_systemd_passes(stack, tmp_path):
    port = free_port()
    variables = [f"--setenv={name}={value}" for name, value in stack.environment.items()]
    activate = ["systemd-socket-activate", f"--listen=127.0.0.1:{port}", *variables, *command("newsstand-web@.service")]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(activate, cwd=PROJECT, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        # The first connection starts the service.
        wait_until(lambda: status(port, INTERNAL_HOST, "/health/ready") == 200, PROCESS_TIMEOUT)
        assert status(port, TECHBLOG) == 200
        assert status(port, "unknown.localhost") == 404
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PROCESS_TIMEOUT)


def test_no_request_is_refused_or_fails_during_a_restart_or_a_reload(services):
    (service,) = services(1)
    with Readers(service.port, [TECHBLOG]) as readers:
        service.restart()
    assert all_succeeded(readers, "Restart")
    assert readers.slowest > 0.3, "no request had to wait, so the service did not restart"

    with Readers(service.port, [TECHBLOG]) as readers:
        service.reload()
    assert all_succeeded(readers, "Reload")

    with Readers(service.port, [TECHBLOG]) as readers:
        service.stop()
        service.listener.close()
    assert "Connection refused" in str(readers.failed), (
        "the readers did not report a refused connection, so the assertions above prove nothing"
    )


def test_no_request_fails_behind_traefik_while_two_instances_restart_one_after_the_other(stack, services):
    both = services(2)
    pause = command("newsstand-web@.service", "ExecStartPost")
    traefik = stack.add_traefik("traefik-systemd", SHARED_DEPLOYMENT=both[0].environment["SHARED_DEPLOYMENT"])
    wait_until(lambda: "@http" in route(traefik, TECHBLOG).get("RouterName", ""), PROCESS_TIMEOUT)

    with Readers(traefik.port, [TECHBLOG]) as readers:
        both[0].restart()
        subprocess.run(pause, check=True)
        both[1].restart()
    traefik.stop()
    assert all_succeeded(readers, "Restart of two behind Traefik")
