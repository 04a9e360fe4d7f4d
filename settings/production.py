"""A server: PostgreSQL, Redis and https. Refuses to start when a variable is missing or weak."""

from django.core.exceptions import ImproperlyConfigured

from settings.base import *  # noqa: F403
from settings.base import STORAGES, SURFACES
from settings.caches import on_redis
from settings.environment import choice, host, networks, postgresql, redis, secret, text

# http is for a trial on a private network: whoever is on the way reads along.
PUBLIC_SCHEME = choice("PUBLIC_SCHEME", "https", ("http", "https"))
TLS = PUBLIC_SCHEME == "https"

ADMIN_HOST = host("ADMIN_HOST")
CACHES = on_redis(redis("REDIS_URL"))
# Browsers take a cookie of this prefix from this very host alone, and only over TLS.
CSRF_COOKIE_NAME = "__Host-csrf" if TLS else "csrf"
CSRF_COOKIE_SECURE = TLS
# What PostgreSQL is told of each session.
DATABASE_SETTINGS = (
    # gunicorn never ends a request that is stuck, so the database does.
    "statement_timeout=10s",
    "lock_timeout=5s",
    "idle_in_transaction_session_timeout=30s",
    # What changes a page has to see what others committed (tenancy/changes/triggers.py).
    r"default_transaction_isolation=read\ committed",
    # What is prepared (blogs/models/compiled.py) is planned once, also where a plan for each site seems cheaper.
    "plan_cache_mode=force_generic_plan",
    # A page reads few rows by indexes: to go through a table instead, for fear of a slow disk, parallel workers and
    # compiled plans cost more than they ever save.
    "random_page_cost=1.1",
    "max_parallel_workers_per_gather=0",
    "jit=off",
)
DATABASES = {
    "default": postgresql(
        "DATABASE_URL",
        {
            "connect_timeout": 2,  # seconds; libpq takes no less
            "options": " ".join(f"-c {setting}" for setting in DATABASE_SETTINGS),
            "tcp_user_timeout": 5000,  # milliseconds until a server that vanished without a word is given up
        },
    )
}
INTERNAL_HOST = host("INTERNAL_HOST")
if "internal" in SURFACES:
    INTERNAL_TOKEN = secret("INTERNAL_TOKEN", 32)
MEDIA_ROOT = text("MEDIA_ROOT")
SECRET_KEY = secret("SECRET_KEY", 50)
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if TLS else 0
SILENCED_SYSTEM_CHECKS = [
    # HSTS speaks for a site's own host alone: its subdomains and browsers' preload lists are its owner's to decide on.
    "security.W005",
    "security.W021",
    # SiteMiddleware sends who comes by http to https, at the address that the site has. Whether somebody came by https
    # is known from wsgi.url_scheme, which gunicorn sets by what trusted proxies say (server/gunicorn.py).
    "security.W008",
]
SESSION_COOKIE_NAME = "__Host-session" if TLS else "session"
SESSION_COOKIE_SECURE = TLS
if TLS and not networks("TRUSTED_PROXIES"):
    raise ImproperlyConfigured(
        "TRUSTED_PROXIES is missing: who is believed that a visitor came over TLS (server/gunicorn.py)? Without it"
        " every page redirects to itself. Write the network of Traefik, like 10.0.0.0/24 or 127.0.0.1/32."
    )
# Seconds that a starting process waits for each (server/startup.py).
STARTUP_TIMEOUTS = {"database": 30, "cache": 5}
STATIC_ROOT = text("STATIC_ROOT")
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}}
