"""What a laptop's gunicorn has besides: one process, no access log, and a Ctrl-C that ends it at once."""

import os
import signal
from typing import Any

from server.gunicorn import *  # noqa: F403

accesslog = None
preload_app = False
# `manage.py serve` hands over a socket that is bound already.
reuse_port = False
workers = 1


def when_ready(server: Any) -> None:
    """From now on gunicorn minds Ctrl-C, which `manage.py serve` held back for the moment of its start."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


# Ctrl-C ends the worker now: a thread that waits for a silent browser would hold it back for seconds. While it imports
# the application they wait: an exception in the middle of an import would become another one.
ENDS = (signal.SIGINT, signal.SIGQUIT)


def post_fork(server: Any, worker: Any) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)


def post_worker_init(worker: Any) -> None:
    for sign in ENDS:
        signal.signal(sign, lambda number, frame: os._exit(0))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDS)
