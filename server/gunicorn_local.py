"""Settings of gunicorn on a laptop: one worker, no access log, and Ctrl-C stops the server immediately."""

import os
import signal
from typing import Any

from server.gunicorn import *  # noqa: F403

accesslog = None
preload_app = False
# `manage.py serve` passes a socket that is already bound.
reuse_port = False
workers = 1


def when_ready(server: Any) -> None:
    """Unblock Ctrl-C (SIGINT), which `manage.py serve` blocks until the server is ready."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


# These signals end the worker immediately: a thread that waits for an idle browser would delay a graceful stop by
# seconds. They are blocked while the worker imports the application, where KeyboardInterrupt would cause other errors.
STOP_SIGNALS = (signal.SIGINT, signal.SIGQUIT)


def post_fork(server: Any, worker: Any) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)


def post_worker_init(worker: Any) -> None:
    for signum in STOP_SIGNALS:
        signal.signal(signum, lambda number, frame: os._exit(0))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
