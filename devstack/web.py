"""gunicorn with settings.production."""

import sys
from collections.abc import Mapping
from pathlib import Path

from devstack.processes import Command, Process, Session, status

PROJECT = Path(__file__).resolve().parent.parent


class Web(Process):
    """One gunicorn. Its readiness check fails while the file `draining` exists."""

    directory = PROJECT

    def __init__(self, session: Session, name: str, environment: Mapping[str, str]) -> None:
        self.name = name
        super().__init__(session, environment)
        self.url = f"http://127.0.0.1:{self.port}"
        self.draining = self.folder / "draining"
        self.environment |= {"BIND": f"127.0.0.1:{self.port}", "DRAIN_FILE": str(self.draining)}

    def command(self) -> Command:
        return [sys.executable, "-m", "gunicorn", "-c", "server/gunicorn.py", "server.wsgi"]

    def is_ready(self, pid: int) -> bool:
        return status(self.port, self.environment["INTERNAL_HOST"], "/health/ready") == 200
