"""The benchmarks insert rows by SQL, so a new column without a default in the database would break them."""

from django.db import connection

from benchmarks import archive, growth, sites
from tests.support import servers


def test_every_page_of_a_site_that_the_benchmarks_add_is_served(installation, visit):
    url = f"{servers.postgresql.url.rpartition('/')[0]}/{connection.settings_dict['NAME']}"

    archive.add(url, archive.Batch(range(1, 3), posts=30, days=2.5))

    statuses = {path: visit(sites.host(2), path).status_code for path in growth.PAGES.values()}
    assert statuses == dict.fromkeys(growth.PAGES.values(), 200)
