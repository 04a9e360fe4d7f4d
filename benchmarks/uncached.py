"""settings.production without the page cache: each request renders its page."""

from settings.production import *  # noqa: F403
from settings.production import CACHES

CACHES = CACHES | {"pages": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
PAGE_MEMORY_MB = 0
