"""Settings of gunicorn that differ from its defaults."""

import errno
import socket
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from settings.environment import inherits_sockets, integer, listening, networks, refuse

try:
    bind = listening("BIND", "127.0.0.1:8000")
    threads = integer("WEB_THREADS", 8, 1, 256)
    # gunicorn accepts X-Forwarded-Proto from these networks only. The header sets wsgi.url_scheme, which Django reads.
    forwarded_allow_ips = ",".join(networks("TRUSTED_PROXIES"))
    workers = integer("WEB_WORKERS", 2, 1, 256)
except ImproperlyConfigured as error:
    refuse(error)

accesslog: str | None = "-"
# All installations of one system user would use the same control socket in the home folder.
control_socket_disable = True
# By default, a trusted proxy may set the path with the headers SCRIPT_NAME and PATH_INFO. Traefik never sets them, so
# accept no such headers.
forwarder_headers = ""
# The number of seconds that open requests get to complete when a worker stops or is replaced.
graceful_timeout = 30
# Traefik keeps idle connections for 90 s. A shorter time here could close a connection while a request arrives.
keepalive = 95
# These limits leave room for the headers of a browser and the headers that proxies add.
limit_request_field_size = 8190
limit_request_fields = 100
limit_request_line = 4094
logger_class = "server.access_log.AccessLog"
# Import the application before the fork, so that workers start quickly and share memory. A reload (HUP) therefore
# replaces the workers, not the code. New code needs a restart.
preload_app = True
# Each worker has its own listening socket. With a shared one, a single worker could accept all connections of Traefik.
reuse_port = not inherits_sockets() and not bind.startswith("unix:")
secure_scheme_headers = {"X-FORWARDED-PROTO": "https"}
worker_class = "server.worker.Worker"
# Open connections, idle ones included. Queued requests (server/compartments.py) take about 60 for each thread.
worker_connections = 1000 + 60 * threads
# The heartbeat file of a worker is in memory, because a slow disk would delay the heartbeat.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  # gunicorn chooses a random name there


def on_starting(server: Any) -> None:
    """Refuse a port that is in use, because with `reuse_port` a second instance could bind it without an error."""
    if server.cfg.reuse_port:
        for address in server.cfg.address:
            _check_is_free(address)


def _check_is_free(address: tuple[str, int]) -> None:
    name, port = address
    family = socket.AF_INET6 if ":" in name else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            reason = "is taken" if error.errno == errno.EADDRINUSE else f"is not available ({error.strerror})"
            refuse(
                f"Port {port} of {name} {reason}."
                f" Stop the process that listens on it, or choose another port: BIND={name}:…."
            )
