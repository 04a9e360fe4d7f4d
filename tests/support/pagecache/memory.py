"""How many pages a process keeps in its memory, and how tests empty it."""

from django.conf import settings

from tenancy.models import SiteSettings
from tests.support.pagecache.observing import redis
from tests.support.processes import until_all_know
from tests.support.reading import page_cache

# Values of TEST_PAGE_MEMORY_MB (settings/test.py). All pages of a test fit into MEMORY, and about ten fit into
# TINY_MEMORY, which forces evictions.
MEMORY, NO_MEMORY, TINY_MEMORY = "32", "0", "0.06"
EACH_MEMORY = (MEMORY, NO_MEMORY, TINY_MEMORY)


def memory():
    """The pages in the memory of this process."""
    return page_cache(settings.PUBLIC_SCHEME, settings.PUBLIC_PORT).pages.memory


def empty_page_cache():
    """Drop all pages in Redis and in the memory of this process."""
    redis().flushall()
    memory().clear()


def retire_pages(site):
    """Give the site a new generation, so that no process finds a page of it in Redis or in its memory."""
    SiteSettings.objects.filter(site=site).update(tagline=f"{site.settings.tagline} again")
    site.settings.refresh_from_db()
    until_all_know()
