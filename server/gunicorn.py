"""How gunicorn serves Newsstand, where its defaults are not ours."""

import errno
import socket
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from settings.environment import inherits_sockets, integer, listening, networks, refuse

try:
    bind = listening("BIND", "127.0.0.1:8000")
    threads = integer("WEB_THREADS", 8, 1, 256)
    # Of these gunicorn believes X-Forwarded-Proto: it decides wsgi.url_scheme, by which Django knows https.
    forwarded_allow_ips = ",".join(networks("TRUSTED_PROXIES"))
    workers = integer("WEB_WORKERS", 2, 1, 256)
except ImproperlyConfigured as error:
    refuse(error)

accesslog: str | None = "-"
# It would lie in the home folder, one for all installations of the account.
control_socket_disable = True
# A trusted proxy could set the path in headers of its own (SCRIPT_NAME, PATH_INFO); none of ours sends these.
forwarder_headers = ""
# Seconds that requests have to end, when a worker stops or is replaced.
graceful_timeout = 30
# Longer than Traefik keeps its connections to us (90 s), so that none is closed under a request on its way.
keepalive = 95
# A proxy's headers take some room; what is longer is no browser's.
limit_request_field_size = 8190
limit_request_fields = 100
limit_request_line = 4094
logger_class = "server.access_log.AccessLog"
# Once for all workers: they start at once and share the memory. So a reload (HUP) replaces the workers and not the
# code: for new code start anew.
preload_app = True
# A socket for each worker: otherwise Traefik's kept connections could all end up with one of them.
reuse_port = not inherits_sockets() and not bind.startswith("unix:")
secure_scheme_headers = {"X-FORWARDED-PROTO": "https"}
worker_class = "server.worker.Worker"
# The worker's sign of life must not wait for a disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  # not a file of a guessable name


def on_starting(server: Any) -> None:
    """With `reuse_port` a second instance would join the first one's port unnoticed."""
    if server.cfg.reuse_port:
        for address in server.cfg.address:
            _check_that_it_is_free(address)


def _check_that_it_is_free(address: tuple[str, int]) -> None:
    name, port = address
    family = socket.AF_INET6 if ":" in name else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            reason = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be had ({error.strerror})"
            refuse(f"Port {port} of {name} {reason}. Stop what listens there, or choose another with BIND={name}:….")
