"""Environment variables for processes that use settings.production."""

import os
import runpy
import subprocess
import sys
from types import SimpleNamespace

from tests.support import servers

SECRET = "for-tests-alone-0123456789-abcdefghijklmnopqrstuvwxyz"
ADMIN_HOST, INTERNAL_HOST = "admin.localhost", "internal.localhost"


def environment(folder):
    """All required variables. Static files and uploads are stored in `folder`."""
    return {
        "DJANGO_SETTINGS_MODULE": "settings.production",
        "ADMIN_HOST": ADMIN_HOST,
        "INTERNAL_HOST": INTERNAL_HOST,
        "INTERNAL_TOKEN": SECRET,
        "MEDIA_ROOT": str(folder / "media"),
        "REDIS_URL": servers.redis.url,
        "SECRET_KEY": SECRET,
        "STATIC_ROOT": str(folder / "static"),
        "TRUSTED_PROXIES": "10.0.0.0/8",
    }


def manage(*arguments, **variables):
    """Run `manage.py` with these arguments and environment variables, and wait until it exits."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=60,
    )


def read(monkeypatch, tmp_path, **changed):
    """The production settings with these environment variables. The value None unsets a variable."""
    required = environment(tmp_path) | {"DATABASE_URL": "postgresql://db/newsstand"}
    for name, value in (required | changed).items():
        monkeypatch.setenv(name, value) if value is not None else monkeypatch.delenv(name)
    return SimpleNamespace(**runpy.run_path("settings/production.py"))


def shown(connection):
    """The statement, lock and idle timeouts that PostgreSQL applies to this connection."""
    with connection.cursor() as cursor:
        values = []
        for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
            cursor.execute(f"SHOW {name}")
            values.append(cursor.fetchone()[0])
        return values
