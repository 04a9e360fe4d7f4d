"""Settings of all installations. local.py, production.py and test.py hold only what differs."""

from pathlib import Path

from settings.environment import addresses, choice, choices, host, integer, networks, secret, text
from tenancy import surfaces

BASE_DIR = Path(__file__).resolve().parent.parent

# --- Newsstand: hosts and deployments -------------------------------------------------------------------------------

# Addresses of the admin's own deployment. If it is empty, the shared deployment serves the admin.
ADMIN_DEPLOYMENT = addresses("ADMIN_DEPLOYMENT")
ADMIN_HOST = host("ADMIN_HOST", "admin.localhost")
# Django's own check is off: SiteMiddleware, first in MIDDLEWARE, refuses unknown hosts (newsstand.E001).
ALLOWED_HOSTS = ["*"]
# While this file exists, /health/ready responds 503 "draining", so that load balancers use other processes.
DRAIN_FILE = text("DRAIN_FILE", "")
# The largest number of domains that get their own router. Traefik tries routers one by one: thousands make it slow.
DOMAIN_ROUTERS = integer("DOMAIN_ROUTERS", 500, 0, 10_000)
INTERNAL_HOST = host("INTERNAL_HOST", "internal.localhost")
# The bearer token for Traefik's document. If it is empty, all requests for the document get 401.
INTERNAL_TOKEN = secret("INTERNAL_TOKEN", 32, "")
# The largest audio or video file of a post, in bytes. Traefik reads the same variable (traefik/dynamic/newsstand.yml).
MAX_MEDIA_FILE = integer("MEDIA_FILE_MB", 50, 1, 1000) * 1024 * 1024
# The only path whose requests may have a larger body than MAX_REQUEST_BODY: the form for such a file, in the admin.
MEDIA_UPLOAD_PATH = "/blogs/mediafile/add/"
# The largest body of these requests in bytes: the file and other fields.
MAX_MEDIA_REQUEST_BODY = MAX_MEDIA_FILE + 2 * 1024 * 1024
# The megabytes of pages that each worker keeps in its own memory, in front of the cache `pages`. 0 keeps none.
PAGE_MEMORY_MB: float = integer("PAGE_MEMORY_MB", 32, 0, 10_000)
# The id of the one site that this process serves; None means all sites. It is not Django's SITE_ID: with that setting
# `get_current_site` ignores the request (newsstand.E002).
PINNED_SITE_ID = integer("SITE_ID", None)
PUBLIC_PORT = integer("PUBLIC_PORT", None, 1, 65535)
PUBLIC_SCHEME = choice("PUBLIC_SCHEME", "http", ("http", "https"))
ROOT_HOSTCONF = "hosts"
# Addresses of the deployment that serves all sites and surfaces without a deployment of their own.
SHARED_DEPLOYMENT = addresses("SHARED_DEPLOYMENT")
# The surfaces that this process serves. The hosts of other surfaces get 404, and their urlconfs are not imported.
SURFACES = choices("SURFACES", surfaces.names(), surfaces.names())
# Networks of the proxies whose X-Forwarded-… headers are used (lib/client_address.py, server/gunicorn.py).
TRUSTED_PROXIES = networks("TRUSTED_PROXIES")
# django-hosts and Django require these defaults for unknown hosts, although SiteMiddleware refuses such hosts first.
DEFAULT_HOST = SURFACES[0]
ROOT_URLCONF = surfaces.TABLE[surfaces.names().index(DEFAULT_HOST)].urlconf

# --- Django ---------------------------------------------------------------------------------------------------------

AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
    {"NAME": "accounts.password_validation.AccountNameValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AUTH_USER_MODEL = "accounts.User"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_NAME = "csrf"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
# The largest body of all other requests in bytes, files included: the largest image (lib.images.MAX_BYTES) and fields.
MAX_REQUEST_BODY = 12 * 1024 * 1024
INSTALLED_APPS = [
    # Before tenancy, which disconnects the receiver of this app that creates a default site (newsstand.E005).
    "django.contrib.sites",
    "transfer",
    "blogs",
    "tenancy",
    # Before Django's admin: its templates replace some of the admin's (newsstand.E005).
    "accounts",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_hosts",
]
LANGUAGE_CODE = "en"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "site": {"()": "tenancy.logs.SiteFilter"},
        "suspended": {"()": "tenancy.logs.SuspendedFilter"},
    },
    "formatters": {"plain": {"format": "{asctime} {site} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "filters": ["site"], "formatter": "plain"}},
    # Does not log 404 and too many query parameters: any client can cause these, and they would fill the log.
    "loggers": {
        "django.request": {"level": "ERROR", "filters": ["suspended"]},
        "django.security.TooManyFieldsSent": {"level": "CRITICAL"},
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
}
LOGIN_REDIRECT_URL = "admin:index"
MIDDLEWARE = [
    # Refuses unknown hosts, so that no other middleware sees one.
    "tenancy.middleware.SiteMiddleware",
    # Chooses the urlconf of the surface, and sets request.host, which middleware of the admin reads.
    "django_hosts.middleware.HostsRequestMiddleware",
    # Sets security headers, including those of the static files below.
    "django.middleware.security.SecurityMiddleware",
    # Serves static files before sessions and the URL resolver.
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Sets the admin's Content-Security-Policy. The views of public pages set their own.
    "accounts.admin.middleware.AdminCSPMiddleware",
    # Before sessions, which look up a cookie in the database.
    "accounts.admin.middleware.AdminNulMiddleware",
    # Redirects a path without a trailing slash to the path with one.
    "django.middleware.common.CommonMiddleware",
    # Before authentication and messages, which use the session.
    "accounts.admin.middleware.AdminSessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "accounts.admin.middleware.AdminAuthenticationMiddleware",
    "accounts.admin.middleware.AdminMessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
SESSION_COOKIE_NAME = "session"
# WAL lets readers continue during a write. With IMMEDIATE a transaction takes the write lock when it begins, so that
# other transactions wait up to `timeout` seconds instead of failing.
SQLITE_OPTIONS = {
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
    "timeout": 5,
    "transaction_mode": "IMMEDIATE",
}
STATIC_URL = "/static/"
STORAGES = {
    "default": {"BACKEND": "lib.storage.AtomicFileStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
TIME_ZONE = "UTC"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
    }
}
