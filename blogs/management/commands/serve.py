"""`manage.py serve`: everything on this machine, with one command."""

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
from tenancy.absolute_urls import admin_url, site_url
from tenancy.lookup import SHOWN
from tenancy.models import State
from tenancy.pinning import check_before_serving

HOST = "127.0.0.1"
# Ctrl-C waits this long, in seconds, for a server that hangs; usually it ends at once.
PATIENCE = 2


class Command(BaseCommand):
    help = "Sets up the database, fills it with the demo when it is new, and serves all sites on this machine."

    def handle(self, **options: Any) -> None:
        port = getattr(settings, "PORT", None)
        if port is None:
            raise CommandError("serve is for settings.local. On a server: gunicorn -c server/gunicorn.py server.wsgi")
        # First, and kept: of two that are started on one port, one stops here and touches nothing.
        listener = _listen(port)
        _note(port)
        call_command("migrate", verbosity=0, interactive=False)
        if not (Site.objects.exists() or User.objects.exists()):
            self.stdout.write("The database is new: filling it with the demo …")
            load()
        check_before_serving()
        # The moment until gunicorn minds it; server/gunicorn_local.py ends this.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        self.stdout.write("\n".join(["", *_addresses(), "", *_accounts(), "Ctrl-C stops.", ""]))
        self.stdout.flush()
        _become_gunicorn(listener)


def _listen(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen()
    except OSError as error:
        reason = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be had ({error.strerror})"
        raise CommandError(f"Port {port} {reason}. Choose another: PORT={_another(port)} make run") from error
    return listener


def _note(port: int) -> None:
    """For other commands (settings/local.py). Whole or not at all: Ctrl-C may come at any moment."""
    file = settings.BASE_DIR / "var" / "port"
    aside = file.with_suffix(f".{os.getpid()}")
    aside.write_text(str(port))
    aside.replace(file)


def _another(port: int) -> int:
    return port + 1 if 1024 <= port < 65535 else 8000


def _addresses() -> list[str]:
    sites = Site.objects.select_related("settings").order_by("domain")
    if settings.PINNED_SITE_ID is not None:
        sites = sites.filter(pk=settings.PINNED_SITE_ID)
    named = [(site_url(site), f"{site.name}{_remark(site)}") for site in sites[:SHOWN]]
    if (more := sites.count() - SHOWN) > 0:
        named.append((f"and {more} more", "manage.py site list"))
    named.append((admin_url(), "the admin"))
    width = max(len(address) for address, _ in named)
    return [f"  {address:<{width}}  {name}" for address, name in named]


def _remark(site: Site) -> str:
    site_settings = getattr(site, "settings", None)
    if site_settings is None:
        return " (has no settings and is not served)"
    return " (suspended)" if site_settings.state == State.SUSPENDED else ""


def _accounts() -> list[str]:
    """Those of the demo that are still there."""
    existing = set(User.objects.filter(email__in=[email for email, _ in ACCOUNTS]).values_list("email", flat=True))
    lines = [f"    {email:<28}  {role}" for email, role in ACCOUNTS if email in existing]
    return [f"  Accounts of the demo, with the password {PASSWORD}:", *lines, ""] if lines else []


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
    command += ["--bind", f"fd://{listener.fileno()}", "--log-level", "warning", "--graceful-timeout", str(PATIENCE)]
    os.execv(sys.executable, [*command, "server.wsgi"])  # noqa: S606  # there is no shell, as it should be
