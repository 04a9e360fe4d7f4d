"""The units in systemd/, as far as they can be tried without systemd as the machine's first process.

What a unit would run is read out of its file. A socket that outlives its gunicorns is held as systemd holds it.
"""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from devstack.processes import PATIENCE, free_port, status, wait_until
from devstack.readers import Readers
from devstack.stack import INTERNAL_HOST, TECHBLOG
from devstack.web import PROJECT
from tests.support.stack.units import RELEASE, UNITS, Service, command, values
from tests.support.stack.visitors import route

pytestmark = pytest.mark.stack

SERVICES = ["newsstand-web@8000", "newsstand-migrate", "newsstand-domains", "newsstand-traefik"]
MOST_EXPOSED = 20  # tenths, of 100; systemd calls what is below 50 “OK”


def needs(tool):
    return pytest.mark.skipif(not shutil.which(tool), reason=f"{tool} is not on this machine (Debian: systemd)")


def all_were_served(readers, what):
    print(f"{what}: {len(readers.visits)} requests, the longest took {readers.slowest:.1f} s")
    return readers.visits and not readers.failed


@pytest.fixture
def services(stack, tmp_path):
    """services(2): that many gunicorns that run, each on its own socket."""
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
    """analyze("verify", unit): what systemd-analyze says of units whose release is this checkout."""
    shutil.copytree(UNITS, tmp_path / "units")
    for file in (tmp_path / "units").rglob("newsstand*"):
        if file.is_file():
            text = file.read_text().replace(f"{RELEASE}/.venv/bin", str(Path(sys.executable).parent))
            file.write_text(text.replace(RELEASE, str(PROJECT)))

    def analyze(*arguments):
        return subprocess.run(
            ["systemd-analyze", *arguments],
            env=os.environ | {"SYSTEMD_UNIT_PATH": f"{tmp_path}/units:"},  # the colon: and the machine's own
            capture_output=True,
            text=True,
        )

    return analyze


@needs("systemd-analyze")
def test_systemd_finds_nothing_wrong_with_any_unit(analyze, tmp_path):
    done = analyze("verify", "--man=no", "newsstand-web@8000.socket", *(f"{name}.service" for name in SERVICES))
    assert (done.returncode, done.stdout + done.stderr) == (0, "")

    (tmp_path / "units" / "newsstand-domains.service").write_text("[Service]\nExecStart=/nowhere\nRestrat=always\n")
    broken = analyze("verify", "--man=no", "newsstand-domains.service")
    assert "Restrat" in broken.stderr
    assert "/nowhere is not executable" in broken.stderr


@needs("systemd-analyze")
@pytest.mark.parametrize("name", SERVICES)
def test_each_service_is_closed_to_what_it_does_not_need(analyze, tmp_path, name):
    security = ["security", "--offline=yes", "--no-pager", f"--threshold={MOST_EXPOSED}", f"{name}.service"]
    done = analyze(*security)
    assert done.returncode == 0, done.stdout[-200:]

    (tmp_path / "units" / "newsstand-.service.d" / "hardening.conf").unlink()
    assert analyze(*security).returncode == 1


def test_every_unit_is_among_those_that_are_looked_at():
    assert {file.name for file in UNITS.glob("*.service")} == {
        f"{name.replace('8000', '')}.service" for name in SERVICES
    }


def test_traefik_is_not_told_the_secrets_of_the_application():
    taken_away = values("newsstand-traefik.service", "UnsetEnvironment")[0].split()

    assert {"SECRET_KEY", "DATABASE_URL", "REDIS_URL"} <= set(taken_away)
    assert "INTERNAL_TOKEN" not in taken_away


@needs("systemd-socket-activate")
def test_gunicorn_serves_the_socket_that_systemd_hands_it(stack, tmp_path):
    port = free_port()
    told = [f"--setenv={name}={value}" for name, value in stack.environment.items()]
    activate = ["systemd-socket-activate", f"--listen=127.0.0.1:{port}", *told, *command("newsstand-web@.service")]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(activate, cwd=PROJECT, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        # The first who comes starts it.
        wait_until(lambda: status(port, INTERNAL_HOST, "/health/ready") == 200, PATIENCE)
        assert status(port, TECHBLOG) == 200
        assert status(port, "unknown.localhost") == 404
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)


def test_a_restart_and_a_reload_refuse_and_fail_nobody(services):
    (service,) = services(1)
    with Readers(service.port, [TECHBLOG]) as readers:
        service.restart()
    assert all_were_served(readers, "Restart")
    assert readers.slowest > 0.3, "nobody had to wait: was it restarted?"

    with Readers(service.port, [TECHBLOG]) as readers:
        service.reload()
    assert all_were_served(readers, "Reload")

    with Readers(service.port, [TECHBLOG]) as readers:
        service.stop()
        service.listener.close()
    assert "Connection refused" in str(readers.failed), "readers would not have noticed"


def test_behind_traefik_two_instances_restarted_one_after_the_other_fail_nobody(stack, services):
    both = services(2)
    pause = command("newsstand-web@.service", "ExecStartPost")
    traefik = stack.add_traefik("traefik-systemd", SHARED_DEPLOYMENT=both[0].environment["SHARED_DEPLOYMENT"])
    wait_until(lambda: "@http" in route(traefik, TECHBLOG).get("RouterName", ""), PATIENCE)

    with Readers(traefik.port, [TECHBLOG]) as readers:
        both[0].restart()
        subprocess.run(pause, check=True)
        both[1].restart()
    traefik.stop()
    assert all_were_served(readers, "Restart of two behind Traefik")
