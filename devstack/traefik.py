"""Traefik in front of the application, as traefik/start starts it."""

import json
import shutil
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from devstack.processes import Command, Process, ProcessFailed, Session, free_port, status
from devstack.web import PROJECT


class Traefik(Process):
    """`port` is the one for http. One that is given is held at once, so that of two who want it one learns so early."""

    def __init__(
        self, session: Session, environment: Mapping[str, str], port: int | None = None, name: str = "traefik"
    ) -> None:
        self.name = name
        super().__init__(session, environment)
        self.holder = None
        if port:
            self.port, self.holder = port, hold(port)
        self.https_port = free_port()
        self.metrics_port = free_port()
        self.environment |= {
            "ACME_STORAGE": str(self.folder / "acme.json"),
            "HTTP_ADDRESS": f"127.0.0.1:{self.port}",
            "HTTPS_ADDRESS": f"127.0.0.1:{self.https_port}",
            "METRICS_ADDRESS": f"127.0.0.1:{self.metrics_port}",
            "TMPDIR": str(self.folder),
            "TRAEFIK": str(traefik_binary()),
        }

    def command(self) -> Command:
        return [PROJECT / "traefik" / "start"]

    def launch(self) -> None:
        if self.holder:
            self.holder.close()
        super().launch()

    def is_ready(self, pid: int) -> bool:
        """It listens; what stands behind it may still be away."""
        return status(self.metrics_port, "localhost", "/metrics") == 200

    def access_log(self) -> list[dict[str, Any]]:
        """A row per answered request, oldest first: RouterName, RequestHost, DownstreamStatus …"""
        finished = self.log.read_text().rpartition("\n")[0]  # the last line may be half written
        rows = (json.loads(line) for line in finished.splitlines() if line.startswith("{"))
        return [row for row in rows if "RequestHost" in row]


def hold(port: int) -> socket.socket:
    """Listen on `port` of 127.0.0.1 without answering. Raises OSError when it cannot be had."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen()
    return listener


def traefik_binary() -> Path:
    """The machine's Traefik, else the one among the test dependencies."""
    if installed := shutil.which("traefik") or shutil.which("traefik", path=Path(sys.executable).parent):
        return Path(installed)
    raise ProcessFailed("There is no traefik on this machine: use `make stack`, or requirements/test.txt.")
