"""Settings of the test suite and its server processes. tests/support/servers.py starts the database and Redis."""

import os

import dj_database_url

from settings.base import *  # noqa: F403
from settings.base import BASE_DIR, PAGE_MEMORY_MB, SQLITE_OPTIONS
from settings.caches import on_redis

# mypy and makemigrations use the defaults, because they read these settings without servers.
CACHES = on_redis(os.environ.get("REDIS_URL", "redis://localhost"))
DATABASES = {"default": dj_database_url.parse(os.environ.get("DATABASE_URL", "postgresql:///newsstand"))}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = SQLITE_OPTIONS
    DATABASES["default"]["TEST"] = {"NAME": DATABASES["default"]["NAME"]}
else:
    DATABASES["default"]["ENGINE"] = "lib.postgresql"
MEDIA_ROOT = os.environ.get("MEDIA_ROOT", BASE_DIR / "var" / "test-media")
# A fraction of a megabyte forces evictions.
PAGE_MEMORY_MB = float(os.environ.get("TEST_PAGE_MEMORY_MB", PAGE_MEMORY_MB))
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# S105: the key is public, but test installations last for one run and their data is public as well.
SECRET_KEY = "for tests only"  # noqa: S105
WHITENOISE_USE_FINDERS = True
