"""How gunicorn serves Newsstand, where its defaults are not ours."""

from pathlib import Path

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
