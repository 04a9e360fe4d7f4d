"""How gunicorn serves Newsstand, where its defaults are not ours. `manage.py serve` adds what a laptop has."""

import os
import signal
from pathlib import Path
from typing import Any

# It would lie in the home folder, one for all installations of the account.
control_socket_disable = True
# By default a request from 127.0.0.1, be it a stranger's that a proxy passed on, may set the path in headers of its own
# (SCRIPT_NAME, PATH_INFO). No proxy of ours sends these, and the scheme is read by Django, in settings/production.py.
forwarded_allow_ips = ""
forwarder_headers = ""
# Longer than Traefik keeps its connections to us (90 s), so that none is closed under a request on its way.
keepalive = 95
threads = 8
worker_class = "gthread"
# The worker's sign of life must not wait for a disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  # not a file of a guessable name
workers = 1


def when_ready(server: Any) -> None:
    """From now on gunicorn minds Ctrl-C, which `manage.py serve` held back for the moment of its start."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def worker_int(worker: Any) -> None:
    """Ctrl-C: end now. A thread that waits for a silent browser would hold the process back for five seconds."""
    os._exit(0)
