"""`manage.py serve`: prepare the database and serve all sites on this machine."""

import errno
import os
import signal
import socket
import sys
from typing import Any

from django.conf import settings
from django.contrib.sites.models import Site
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from blogs.demo.accounts import ACCOUNTS, PASSWORD
from blogs.demo.loading import load
from lib.files import atomic_write, exclusive_lock
from tenancy.absolute_urls import admin_url, site_url
from tenancy.lookup import SHOWN
from tenancy.models import State
from tenancy.pinning import check_before_serving

HOST = "127.0.0.1"
GRACEFUL_TIMEOUT = 2  # Seconds after Ctrl-C. Then gunicorn kills a worker that still runs.


class Command(BaseCommand):
    help = "Migrates the database, loads the demo if the database is new, and serves all sites on this machine."

    def handle(self, **options: Any) -> None:
        port = getattr(settings, "PORT", None)
        if port is None:
            raise CommandError(
                "serve works only with settings.local. On a server, run: gunicorn -c server/gunicorn.py server.wsgi"
            )
        # Bind the port first, so that a second server on the same port stops here and changes nothing.
        listener = _listen(port)
        _write_port(port)
        # Two servers may start in one checkout at once, and SQLite has no lock for a whole migration.
        with exclusive_lock(settings.BASE_DIR / "var" / "prepare.lock"):
            self._prepare_database()
        check_before_serving()
        # Block Ctrl-C until gunicorn can handle it. server/gunicorn_local.py unblocks the signal.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        self.stdout.write("\n".join(["", *_addresses(), "", *_accounts(), "Press Ctrl-C to stop.", ""]))
        self.stdout.flush()
        _become_gunicorn(listener)

    def _prepare_database(self) -> None:
        call_command("migrate", verbosity=0, interactive=False)
        if not (Site.objects.exists() or User.objects.exists()):
            self.stdout.write("The database is new: loading the demo …")
            load()


def _listen(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen()
    except OSError as error:
        reason = "is taken" if error.errno == errno.EADDRINUSE else f"is not available ({error.strerror})"
        raise CommandError(f"Port {port} {reason}. Choose another: PORT={_next_port(port)} make run") from error
    return listener


def _write_port(port: int) -> None:
    """Write the port to the file that settings/local.py reads. Ctrl-C may interrupt this, so the write is atomic."""
    file = settings.BASE_DIR / "var" / "port"
    with atomic_write(file) as port_file:
        port_file.write(str(port).encode())


def _next_port(port: int) -> int:
    return port + 1 if 1024 <= port < 65535 else 8000


def _addresses() -> list[str]:
    sites = Site.objects.select_related("settings").order_by("domain")
    if settings.PINNED_SITE_ID is not None:
        sites = sites.filter(pk=settings.PINNED_SITE_ID)
    named = [(site_url(site), f"{site.name}{_state_note(site)}") for site in sites[:SHOWN]]
    if (more := sites.count() - SHOWN) > 0:
        named.append((f"and {more} more", "manage.py site list"))
    named.append((admin_url(), "the admin"))
    width = max(len(address) for address, _ in named)
    return [f"  {address:<{width}}  {name}" for address, name in named]


def _state_note(site: Site) -> str:
    site_settings = getattr(site, "settings", None)
    if site_settings is None:
        return " (has no settings and is not served)"
    return " (suspended)" if site_settings.state == State.SUSPENDED else ""


def _accounts() -> list[str]:
    """Lines that list the accounts of the demo that still exist."""
    existing = set(User.objects.filter(email__in=[email for email, _ in ACCOUNTS]).values_list("email", flat=True))
    lines = [f"    {email:<28}  {role}" for email, role in ACCOUNTS if email in existing]
    return [f"  Accounts of the demo, all with the password {PASSWORD}:", *lines, ""] if lines else []


def _become_gunicorn(listener: socket.socket) -> None:
    listener.set_inheritable(True)
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "--config",
        "server/gunicorn_local.py",
        "--chdir",
        str(settings.BASE_DIR),
    ]
    command += [
        "--bind",
        f"fd://{listener.fileno()}",
        "--log-level",
        "warning",
        "--graceful-timeout",
        str(GRACEFUL_TIMEOUT),
    ]
    os.execv(sys.executable, [*command, "server.wsgi"])  # noqa: S606  # no shell is wanted
