"""`resolve` returns the site or surface that a Host header names, or raises a typed exception."""

import pytest
from django.conf import settings as django_settings

from tenancy import lifecycle
from tenancy.registry.site_registry import registry
from tenancy.resolution import MalformedHost, SiteHost, SurfaceHost, SuspendedHost, UnknownHost, resolve

pytestmark = pytest.mark.sqlite


def test_every_domain_of_a_site_resolves_to_the_site_without_a_query(techblog, django_assert_num_queries):
    lifecycle.add_domain(techblog, "old.test", by=None)
    registry.find("")

    with django_assert_num_queries(0):
        primary, other = resolve("TechBlog.test.:8000"), resolve("old.test")

    assert isinstance(primary, SiteHost) and isinstance(other, SiteHost)
    assert (primary.name, primary.port, primary.is_primary) == ("techblog.test", ":8000", True)
    assert (other.name, other.port, other.is_primary) == ("old.test", "", False)
    assert primary.entry.site_id == other.entry.site_id == techblog.pk


def test_the_host_of_a_surface_resolves_to_the_surface(installation):
    for surface, host in (("admin", django_settings.ADMIN_HOST), ("internal", django_settings.INTERNAL_HOST)):
        resolved = resolve(f"{host.upper()}:80")

        assert isinstance(resolved, SurfaceHost)
        assert (resolved.name, resolved.port, resolved.surface.name) == (host, ":80", surface)


@pytest.mark.parametrize("header", ["", "unknown.test", "127.0.0.1", "techblog.test:port", "*.test", "a" * 5000])
def test_hosts_of_no_site_or_surface_are_refused_as_unknown(techblog, header):
    assert resolve("techblog.test")

    with pytest.raises(UnknownHost):
        resolve(header)


def test_a_host_header_with_non_ascii_characters_is_refused_as_malformed(installation):
    lifecycle.create("bücher.test", "Bücher", by=None)
    assert resolve("xn--bcher-kva.test")

    with pytest.raises(MalformedHost):
        resolve("bücher.test")


def test_a_site_of_another_process_is_refused_as_unknown_and_an_own_suspended_site_as_suspended(
    techblog, financeblog, settings
):
    settings.PINNED_SITE_ID = techblog.pk
    assert resolve("techblog.test")
    with pytest.raises(UnknownHost):
        resolve("financeblog.test")

    for site in (techblog, financeblog):
        lifecycle.suspend(site, by=None)
    with pytest.raises(SuspendedHost):
        resolve("techblog.test")
    with pytest.raises(UnknownHost):
        resolve("financeblog.test")


def test_the_hosts_of_surfaces_that_are_off_are_refused_except_the_internal_host(techblog, settings):
    settings.SURFACES = ("admin",)
    assert resolve(settings.ADMIN_HOST)
    with pytest.raises(UnknownHost):
        resolve("techblog.test")

    settings.SURFACES = ("blogs",)
    assert resolve("techblog.test")
    with pytest.raises(UnknownHost):
        resolve(settings.ADMIN_HOST)
    internal = resolve(settings.INTERNAL_HOST)
    assert isinstance(internal, SurfaceHost)
    assert internal.surface.active_urlconf == "tenancy.internal.health_urls"
