"""What a laptop's gunicorn has besides: one process, no access log, and a Ctrl-C that ends it at once."""

import os
import signal
from typing import Any

from settings.gunicorn import *  # noqa: F403

logconfig_dict = {}
preload_app = False
# `manage.py serve` hands over a socket that is bound already.
reuse_port = False
workers = 1


def when_ready(server: Any) -> None:
    """From now on gunicorn minds Ctrl-C, which `manage.py serve` held back for the moment of its start."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def post_worker_init(worker: Any) -> None:
    """Ctrl-C ends the worker now: a thread that waits for a silent browser would hold it back for seconds."""
    for sign in (signal.SIGINT, signal.SIGQUIT):
        signal.signal(sign, lambda number, frame: os._exit(0))
