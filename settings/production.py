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
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SECURE_HSTS_SECONDS = 365 * 24 * 3600
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = True
SESSION_COOKIE_NAME = "__Host-session"
SESSION_COOKIE_SECURE = True
STATIC_ROOT = text("STATIC_ROOT")
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}}
