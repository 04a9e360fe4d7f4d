"""Settings for a laptop: SQLite, caches in memory, and one process with threads. All state is in var/."""

import os
from contextlib import suppress
from pathlib import Path

from django.core.management.utils import get_random_secret_key

from settings.base import *  # noqa: F403
from settings.base import BASE_DIR, PUBLIC_PORT, SQLITE_OPTIONS
from settings.environment import integer

VAR = BASE_DIR / "var"
VAR.mkdir(exist_ok=True)


def _secret_key(file: Path) -> str:
    """The key in `file`. It is created once, so that sessions survive a restart."""
    if not file.exists():
        aside = file.with_suffix(f".{os.getpid()}")
        aside.touch(mode=0o600)
        aside.write_text(get_random_secret_key())
        with suppress(FileExistsError):  # another process created it first; its key is used
            os.link(aside, file)
        aside.unlink()
    return file.read_text()


def _last_port(file: Path) -> int:
    """The port that `manage.py serve` stored, so that other commands print URLs with it."""
    return int(file.read_text()) if file.exists() else 8000


# The port of `manage.py serve`, on 127.0.0.1.
PORT = integer("PORT", _last_port(VAR / "port"), 1, 65535)

CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    # The only process keeps its pages in its own memory (PAGE_MEMORY_MB).
    "pages": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"},
}
# Browsers send cookies to all ports of a host. The port in the name keeps the sessions of two checkouts separate.
CSRF_COOKIE_NAME = f"csrf-{PORT}"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": VAR / "db.sqlite3",
        "OPTIONS": SQLITE_OPTIONS,
    }
}
MEDIA_ROOT = VAR / "media"
PUBLIC_PORT = PUBLIC_PORT or PORT
SECRET_KEY = _secret_key(VAR / "secret-key")
SESSION_COOKIE_NAME = f"session-{PORT}"
# Serve static files from the source folders, so that edits show at once and `collectstatic` is not needed.
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True
