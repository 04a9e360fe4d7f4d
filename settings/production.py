"""Settings for a server: PostgreSQL, Redis and https. The process does not start if a variable is missing or weak."""

from django.core.exceptions import ImproperlyConfigured

from settings.base import *  # noqa: F403
from settings.base import STORAGES, SURFACES
from settings.caches import on_redis
from settings.environment import choice, host, networks, postgresql, redis, secret, secrets, text

# Use http only for a trial on a private network: anyone on the network path can read the traffic.
PUBLIC_SCHEME = choice("PUBLIC_SCHEME", "https", ("http", "https"))
TLS = PUBLIC_SCHEME == "https"

ADMIN_HOST = host("ADMIN_HOST")
CACHES = on_redis(redis("REDIS_URL"))
# Browsers accept a cookie with the prefix __Host- only over TLS and only for this host, not its subdomains.
CSRF_COOKIE_NAME = "__Host-csrf" if TLS else "csrf"
CSRF_COOKIE_SECURE = TLS
# Settings of each PostgreSQL session.
DATABASE_SETTINGS = (
    # gunicorn does not end a thread whose request hangs, so the database ends its statement.
    "statement_timeout=10s",
    "lock_timeout=5s",
    "idle_in_transaction_session_timeout=30s",
    # A transaction that changes a page must see rows that others committed (tenancy/changes/postgresql.py).
    r"default_transaction_isolation=read\ committed",
    # Plan each prepared statement (blogs/models/compiled.py) once. By default PostgreSQL may plan each execution.
    "plan_cache_mode=force_generic_plan",
    # A page reads few rows, through indexes. For such queries, parallel workers and JIT compilation cost more than they
    # save. So do sequential scans, which PostgreSQL chooses when it considers random reads slow.
    "random_page_cost=1.1",
    "max_parallel_workers_per_gather=0",
    "jit=off",
)
DATABASES = {
    "default": postgresql(
        "DATABASE_URL",
        {
            "connect_timeout": 2,  # seconds; the minimum of libpq
            "options": " ".join(f"-c {setting}" for setting in DATABASE_SETTINGS),
            "tcp_user_timeout": 5000,  # milliseconds until a connection without acknowledgements is closed
        },
    )
}
INTERNAL_HOST = host("INTERNAL_HOST")
if "internal" in SURFACES:
    INTERNAL_TOKEN = secret("INTERNAL_TOKEN", 32)
MEDIA_ROOT = text("MEDIA_ROOT")
SECRET_KEY = secret("SECRET_KEY", 50)
# Former keys, or the next one. Signatures by them are valid; new signatures are by SECRET_KEY.
SECRET_KEY_FALLBACKS = secrets("SECRET_KEY_FALLBACKS", 50)
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if TLS else 0
SILENCED_SYSTEM_CHECKS = [
    # HSTS applies only to the host of the site. The owner of the domain decides about subdomains and preload lists.
    "security.W005",
    "security.W021",
    # SiteMiddleware redirects http to https at the primary domain. gunicorn sets wsgi.url_scheme from the headers
    # of trusted proxies (server/gunicorn.py).
    "security.W008",
]
SESSION_COOKIE_NAME = "__Host-session" if TLS else "session"
SESSION_COOKIE_SECURE = TLS
TRUSTED_PROXIES = networks("TRUSTED_PROXIES")
if TLS and not TRUSTED_PROXIES:
    raise ImproperlyConfigured(
        "TRUSTED_PROXIES is missing. It names the proxies whose X-Forwarded-Proto header says that a request came over"
        " TLS (server/gunicorn.py); without it every page redirects to itself. Write the network of Traefik, like"
        " 10.0.0.0/24 or 127.0.0.1/32."
    )
# Seconds for which a starting process waits for each service (server/startup.py).
STARTUP_TIMEOUTS = {"database": 30, "cache": 5}
STATIC_ROOT = text("STATIC_ROOT")
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}}
