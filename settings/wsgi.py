"""The WSGI application, for gunicorn."""

import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings.production")

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

# From this exit code of a worker gunicorn learns that there is no use in starting it again.
CANNOT_BE_LOADED = 4

try:
    application = get_wsgi_application()

    from tenancy.pinning import check_pinned_site  # needs the applications loaded

    check_pinned_site()
except ImproperlyConfigured as error:
    print(f"Error: {error}", file=sys.stderr, flush=True)
    sys.exit(CANNOT_BE_LOADED)
