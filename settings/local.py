"""A laptop: SQLite, memory cache, one process with threads. All state lies in var/."""

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
    """Made once for this laptop, so that logins outlive a restart."""
    if not file.exists():
        aside = file.with_suffix(f".{os.getpid()}")
        aside.touch(mode=0o600)
        aside.write_text(get_random_secret_key())
        with suppress(FileExistsError):  # another process was faster, and its key counts
            os.link(aside, file)
        aside.unlink()
    return file.read_text()


def _last_port(file: Path) -> int:
    """Where `manage.py serve` wrote that it listens, so that other commands print addresses that work."""
    return int(file.read_text()) if file.exists() else 8000


# Where `manage.py serve` listens, on 127.0.0.1.
PORT = integer("PORT", _last_port(VAR / "port"), 1, 65535)

CACHES = {
    alias: {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": alias}
    for alias in ("default", "pages")
}
# Cookies know no ports: a login here must not end the one on another checkout that is served at the same time.
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
# Static files come from where they lie, also when they were edited meanwhile: there is nothing to collect on a laptop.
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True
