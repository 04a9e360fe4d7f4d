"""A server: PostgreSQL and https. Refuses to start when a variable is missing."""

from settings.base import *  # noqa: F403
from settings.base import STORAGES
from settings.environment import database, text

CSRF_COOKIE_NAME = "__Host-csrf"
CSRF_COOKIE_SECURE = True
DATABASES = {"default": database("DATABASE_URL")}
MEDIA_ROOT = text("MEDIA_ROOT")
PUBLIC_SCHEME = "https"
SECRET_KEY = text("SECRET_KEY")
SECURE_HSTS_SECONDS = 365 * 24 * 3600
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# The internal surface is asked by machines beside us, without TLS.
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SECURE_SSL_REDIRECT = True
# HSTS speaks for a site's own host alone: its subdomains and browsers' preload lists are its owner's to decide on.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SESSION_COOKIE_NAME = "__Host-session"
SESSION_COOKIE_SECURE = True
STATIC_ROOT = text("STATIC_ROOT")
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}}
