"""A process with the variable SITE_ID serves only that site, and still serves all surfaces."""

import pytest
from django.contrib.sites.shortcuts import get_current_site
from django.core.exceptions import ImproperlyConfigured
from django.test import RequestFactory

from tenancy import lifecycle
from tenancy.pinning import check_own_hosts, check_pinned_site

pytestmark = pytest.mark.sqlite


def test_a_pinned_process_serves_all_surfaces_but_only_its_own_site(techblog, financeblog, publish, visit, settings):
    publish("Hello", on=techblog)
    lifecycle.add_domain(financeblog, "www.financeblog.test", by=None)
    settings.PINNED_SITE_ID = techblog.pk
    never = visit("never.test")

    assert visit(techblog, "/hello/").status_code == 200
    for host in (financeblog, "www.financeblog.test"):
        assert (visit(host).status_code, visit(host).content) == (404, never.content)
    assert visit(settings.ADMIN_HOST, "/login/").status_code == 200
    assert visit(settings.INTERNAL_HOST, "/health/live").status_code == 200
    assert get_current_site(RequestFactory().get("/", headers={"host": "techblog.test:80"})) == techblog


def test_a_process_pinned_to_a_missing_site_is_refused_with_a_list_of_existing_sites(techblog, settings):
    settings.PINNED_SITE_ID = techblog.pk
    check_pinned_site()

    settings.PINNED_SITE_ID = 999_999
    with pytest.raises(ImproperlyConfigured, match=rf"SITE_ID=999999 names no site.*techblog\.test \({techblog.pk}\)"):
        check_pinned_site()


def test_a_host_of_a_surface_that_already_belongs_to_a_site_is_refused(techblog, settings):
    check_own_hosts()

    settings.ADMIN_HOST = "techblog.test"
    with pytest.raises(ImproperlyConfigured, match=r"techblog\.test belongs to a site"):
        check_own_hosts()
