"""A server on which each page is rendered anew."""

from settings.production import *  # noqa: F403
from settings.production import CACHES

CACHES = CACHES | {"pages": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
