"""What a laptop's gunicorn has besides: one process, and a Ctrl-C that ends it at once."""

import os
import signal
from typing import Any

from settings.gunicorn import *  # noqa: F403

workers = 1


def when_ready(server: Any) -> None:
    """From now on gunicorn minds Ctrl-C, which `manage.py serve` held back for the moment of its start."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def worker_int(worker: Any) -> None:
    """Ctrl-C: end now. A thread that waits for a silent browser would hold the process back for five seconds."""
    os._exit(0)
