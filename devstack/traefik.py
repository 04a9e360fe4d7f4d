"""Traefik in front of the application, started by traefik/start."""

import json
import shutil
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from devstack.ports import free_port
from devstack.processes import Command, Process, ProcessFailed, Session, status
from devstack.web import PROJECT


class Traefik(Process):
    """Traefik as a process. `port` is the http port. It is reserved at once, so that a second stack fails early."""

    def __init__(
        self, session: Session, environment: Mapping[str, str], port: int | None = None, name: str = "traefik"
    ) -> None:
        self.name = name
        super().__init__(session, environment)
        self.reservation = None
        if port:
            self.port, self.reservation = port, reserve(port)
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
        if self.reservation:
            self.reservation.close()
        super().launch()

    def is_ready(self, pid: int) -> bool:
        """Whether Traefik has its routes. The servers behind it may not be ready."""
        return status(self.metrics_port, "localhost", "/ping") == 200

    def access_log(self) -> list[dict[str, Any]]:
        """One row per request, oldest first: RouterName, RequestHost, DownstreamStatus …"""
        complete = self.log.read_text().rpartition("\n")[0]  # the last line may be incomplete
        rows = (json.loads(line) for line in complete.splitlines() if line.startswith("{"))
        return [row for row in rows if "RequestHost" in row]


def reserve(port: int) -> socket.socket:
    """Listen on `port` of 127.0.0.1 without accepting connections. Raises OSError when it is not available."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen()
    return listener


def traefik_binary() -> Path:
    """The path of the installed Traefik, or else of the Traefik in the test requirements."""
    if installed := shutil.which("traefik") or shutil.which("traefik", path=Path(sys.executable).parent):
        return Path(installed)
    raise ProcessFailed("Traefik is not installed. Run `make stack`, or install requirements/test.txt.")
