"""Read the unit files in systemd/, and run gunicorn with the command from its unit file."""

import re
import socket
import subprocess
import sys
from pathlib import Path

from devstack.ports import free_port
from devstack.processes import PROCESS_TIMEOUT, wait_until
from devstack.web import PROJECT

UNITS = PROJECT / "systemd"
RELEASE = "/srv/newsstand/current"

# A program that runs a command as systemd does with socket activation: the socket is file descriptor 3, and
# LISTEN_PID is the id of the process.
HAND_OVER = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
os.execv(sys.argv[2], sys.argv[2:])
"""


def values(unit, key):
    return re.findall(rf"^{key}=(.*)$", (UNITS / unit).read_text(), re.M)


def command(unit, key="ExecStart"):
    """The command of the unit, with the virtual environment of this test run instead of the release's."""
    words = values(unit, key)[0].split()
    return [word.replace(f"{RELEASE}/.venv/bin", str(Path(sys.executable).parent)) for word in words]


class Service:
    """Runs newsstand-web@.service on a socket that stays open across restarts."""

    def __init__(self, stack, folder):
        self.log = folder / "log"
        self.listener = socket.create_server(("127.0.0.1", free_port()), backlog=4096)
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notices.bind(str(folder / "notify"))
        self.notices.settimeout(PROCESS_TIMEOUT)
        self.environment = stack.environment | {"NOTIFY_SOCKET": str(folder / "notify"), "WEB_WORKERS": "1"}
        self.process = None

    def start(self):
        self.launch()
        self.wait_until_ready()

    def launch(self):
        handed = self.listener.fileno()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", HAND_OVER, str(handed), *command("newsstand-web@.service")],
                cwd=PROJECT,
                env=self.environment,
                pass_fds=[handed],
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until_ready(self):
        """Wait for the notification of the service, as systemctl does with Type=notify."""
        assert self.notices.recv(4096).startswith(b"READY=1"), self.log.read_text()

    def reload(self):
        """Run ExecReload, and return when the previous worker has exited."""
        reload = command("newsstand-web@.service", "ExecReload")
        exited = self.log.read_text().count("Worker exiting")
        subprocess.run([word.replace("$MAINPID", str(self.process.pid)) for word in reload], check=True)
        wait_until(lambda: self.log.read_text().count("Worker exiting") > exited, PROCESS_TIMEOUT)

    def stop(self):
        """Stop the service, and assert that it exits within TimeoutStopSec."""
        self.process.terminate()
        assert self.process.wait(float(values("newsstand-web@.service", "TimeoutStopSec")[0])) == 0

    def restart(self):
        self.stop()
        self.start()

    def end(self):
        if self.process:
            self.process.terminate()
            self.process.wait(PROCESS_TIMEOUT)
        self.listener.close()
        self.notices.close()
