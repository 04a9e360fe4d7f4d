"""The WSGI application, for gunicorn."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings.production")

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

from settings.environment import refuse

try:
    django = get_wsgi_application()

    # These modules import models, so the apps must be loaded first.
    from blogs.redirects.uses import uses
    from pagecache.release import recorded_release
    from pagecache.wsgi import PageCache
    from server.bulkhead import Bulkhead
    from server.startup import close_connections, wait_for_services
    from tenancy.pinning import check_before_serving

    wait_for_services()
    check_before_serving()
    release = recorded_release()
    uses.write_in_background()
    close_connections()
    application = Bulkhead(PageCache(django, release))
except ImproperlyConfigured as error:
    refuse(error)
