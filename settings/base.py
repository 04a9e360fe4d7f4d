"""What all installations share. Variants (local, production, test) hold only differences."""

from pathlib import Path

from settings.environment import addresses, choice, choices, host, integer, secret, text
from tenancy import surfaces

BASE_DIR = Path(__file__).resolve().parent.parent

# --- Who is served ------------------------------------------------------------------------------------------------

# Where the admin is served when it is apart from the blogs. Empty: by the shared deployment.
ADMIN_DEPLOYMENT = addresses("ADMIN_DEPLOYMENT")
ADMIN_HOST = host("ADMIN_HOST", "admin.localhost")
# Any host may pass Django's own check: SiteMiddleware, first in MIDDLEWARE, lets only known ones pass (newsstand.E001).
ALLOWED_HOSTS = ["*"]
# While this file is there, this process asks for no more requests.
DRAIN_FILE = text("DRAIN_FILE", "")
# Single domains that Traefik is told of. It goes through them one by one: beyond some hundred it is better without.
DOMAIN_ROUTERS = integer("DOMAIN_ROUTERS", 500, 0, 10_000)
INTERNAL_HOST = host("INTERNAL_HOST", "internal.localhost")
# Who shows it may read Traefik's document. Empty: nobody.
INTERNAL_TOKEN = secret("INTERNAL_TOKEN", 32, "")
# The one site of this process, or None. Not Django's SITE_ID, which would make `get_current_site` deaf to the request.
PINNED_SITE_ID = integer("SITE_ID", None)
PUBLIC_PORT = integer("PUBLIC_PORT", None, 1, 65535)
PUBLIC_SCHEME = choice("PUBLIC_SCHEME", "http", ("http", "https"))
ROOT_HOSTCONF = "hosts"
# How Traefik reaches the processes that serve all sites without a deployment of their own.
SHARED_DEPLOYMENT = addresses("SHARED_DEPLOYMENT")
# The kinds of hosts that this process serves; those of the others get 404, and their urls are not even loaded.
SURFACES = choices("SURFACES", surfaces.names(), surfaces.names())
# The last resort of django-hosts and of Django. Never reached: SiteMiddleware lets no unknown host through.
DEFAULT_HOST = SURFACES[0]
ROOT_URLCONF = surfaces.TABLE[surfaces.names().index(DEFAULT_HOST)].urlconf

# --- Django ---------------------------------------------------------------------------------------------------------

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AUTH_USER_MODEL = "accounts.User"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_NAME = "csrf"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
# Bytes of a request's body, files included: the largest image and some fields (tenancy.media.MAX_BYTES).
MAX_REQUEST_BODY = 12 * 1024 * 1024
INSTALLED_APPS = [
    # Before tenancy, which disconnects its receiver that creates a default site (newsstand.E005).
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
    "django.contrib.redirects",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_hosts",
]
LANGUAGE_CODE = "en"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"site": {"()": "tenancy.logs.SiteFilter"}},
    "formatters": {"plain": {"format": "{asctime} {site} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "filters": ["site"], "formatter": "plain"}},
    # That a page does not exist, or an address is overlong, is the reader's business; it would fill the log.
    "loggers": {
        "django.request": {"level": "ERROR"},
        "django.security.TooManyFieldsSent": {"level": "CRITICAL"},
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
}
LOGIN_REDIRECT_URL = "admin:index"
MIDDLEWARE = [
    # Nothing may see a host before it is known to be ours.
    "tenancy.middleware.SiteMiddleware",
    # Chooses the urlconf of the surface; those below ask it which surface this is.
    "django_hosts.middleware.HostsRequestMiddleware",
    # Headers and, in production, https: also for the static files below.
    "django.middleware.security.SecurityMiddleware",
    # Static files are answered here, without sessions or URLs.
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # The admin's policy; public pages bring their own.
    "accounts.admin.middleware.AdminCSPMiddleware",
    # Adds the missing slash at the end of an address.
    "django.middleware.common.CommonMiddleware",
    # Sessions before who needs them: CSRF cookies are separate, users and messages are kept in the session.
    "accounts.admin.middleware.AdminSessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "accounts.admin.middleware.AdminAuthenticationMiddleware",
    "accounts.admin.middleware.AdminMessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
SESSION_COOKIE_NAME = "session"
# Readers go on while one writes; a writer takes its lock at the begin and others wait for it, instead of failing.
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
