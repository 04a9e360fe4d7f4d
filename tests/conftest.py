"""Fixtures for all tests: two sites, a shared post, one user for each role, and one user without a role."""

import socket
import threading
import time
from contextlib import ExitStack, suppress
from datetime import timedelta
from functools import cache

import psycopg
import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.sites.models import Site
from django.db import connection, transaction
from django.test import Client, TransactionTestCase
from django.utils import timezone

from accounts.models import Membership, Role, User
from blogs import publishing
from blogs.models import Placement, Post
from lib import hostnames
from tenancy import lifecycle, surfaces
from tenancy.models import Domain
from tenancy.registry.site_registry import registry
from tests.support import servers
from tests.support.accounts import PASSWORD
from tests.support.processes import running
from tests.support.reading import assert_cached_like

LARGE = 1_000_000  # bytes; for larger tables TRUNCATE is faster than DELETE


@pytest.fixture(scope="session", autouse=True)
def registry_is_closed(django_db_setup):
    """PostgreSQL cannot drop the test database while the registry is connected to it."""
    yield
    registry.close()


@pytest.fixture(scope="session", autouse=True)
def tables_are_emptied_quickly(django_db_setup):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda test_case: empty_tables())
        yield


def empty_tables():
    """Delete all rows except content types and permissions. Takes a tenth of the time of Django's `flush`.

    `flush` truncates all tables and sends `post_migrate`, which creates content types and permissions again and checks
    our triggers. This function keeps these rows and checks no trigger, so a test that damages a trigger must repair it.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # This disables triggers and foreign keys, so the tables can be emptied in any order.
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(
                "SELECT relname FROM pg_class WHERE relname = ANY(%s) AND pg_relation_size(oid) > %s",
                [list(tables()), LARGE],
            )
            for (table,) in cursor.fetchall():
                cursor.execute(f"TRUNCATE {table} CASCADE")
        for table in tables():
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608  # names of our own tables
    ContentType.objects.clear_cache()  # the next test must not use the content type ids of this one


@cache
def tables():
    """The tables to empty. The generations come last: on SQLite, triggers write one for each deleted watched row."""
    kept = {ContentType._meta.db_table, Permission._meta.db_table}
    found = set(connection.introspection.django_table_names(only_existing=True, include_views=False)) - kept
    return sorted(found, key="tenancy_generation".__eq__)


def pytest_collection_modifyitems(items):
    """Let every test that uses `installation` commit, because the registry reads only committed rows.

    A test marked `rollback` runs in one transaction that is rolled back, so it cannot request pages of sites. In a
    module with this mark, a single test commits if it is marked `django_db(transaction=True)`.
    """
    for item in items:
        if "installation" in item.fixturenames and not item.get_closest_marker("rollback"):
            item.add_marker(pytest.mark.django_db(transaction=True))


@pytest.fixture
def installation(request, db, settings, tmp_path):
    """An installation without sites, users or uploaded files."""
    settings.MEDIA_ROOT = tmp_path / "media"
    yield
    if request.node.get_closest_marker("django_db"):
        # `empty_tables` disables triggers, so the registry does not notice deletions. Delete the domains before.
        Domain.objects.all().delete()
        registry.find("")


@pytest.fixture
def empty_database(installation):
    """The URL of a database without tables."""
    address = connection.settings_dict
    url = servers.postgresql.url.rpartition("/")[0]
    with psycopg.connect(url + "/postgres", autocommit=True) as postgresql:
        postgresql.execute(f"CREATE DATABASE empty_of_{address['NAME']}")
    yield f"{url}/empty_of_{address['NAME']}"
    with psycopg.connect(url + "/postgres", autocommit=True) as postgresql:
        postgresql.execute(f"DROP DATABASE empty_of_{address['NAME']} WITH (FORCE)")


@pytest.fixture
def techblog(installation):
    return lifecycle.create("techblog.test", "Techblog", tagline="Notes from the machine room", by=None)


@pytest.fixture
def financeblog(installation):
    return lifecycle.create("financeblog.test", "Financeblog", theme="broadsheet", accent="#7a1f2b", by=None)


@pytest.fixture
def publish():
    """publish("Title", on=site): the placement of a new live post.

    `at` is the publication time; None makes it a draft. The home is `on` unless `home` is given.
    """

    def publish(title, *, on, slug="", at=..., home=None, post=None, kind="post", pinned=False, body="Text.", **fields):
        if post is None:
            post = Post(home=home or on, title=title, body=body, kind=kind, **fields)
            publishing.create_post(post, by=None)
        when = timezone.now() - timedelta(minutes=1) if at is ... else at
        placement = Placement(post=post, site=on, slug=slug, published_at=when, pinned=pinned)
        publishing.place(placement, by=None)
        return placement

    return publish


@pytest.fixture
def shared(techblog, financeblog, publish):
    """A post whose home is the techblog, also published on the financeblog with another slug."""
    placement = publish("Ledgers in Python", on=techblog, slug="ledgers")
    publish("", on=financeblog, post=placement.post, slug="python-ledgers")
    return placement.post


def is_surface(host):
    name, _ = hostnames.split_host(host) or ("", "")
    return name in surfaces.reserved()


@pytest.fixture
def visit():
    """visit(site, path) or visit("host", path): the response to a request without cookies.

    For a GET of a site without further headers, it also asserts that the page cache gives the same response, first when
    it is empty and then from the stored page.
    Tests that request many pages and do not concern the cache pass `cached=False` to omit this.
    """

    def visit(host, path="/", method="get", data=None, *, cached=True, **headers):
        name = host.domain if isinstance(host, Site) else host
        client = Client(headers={"host": name, **headers})
        secure = django_settings.PUBLIC_SCHEME == "https"
        registry.expire()  # as if the interval after which the registry reads changes had passed
        response = getattr(client, method)(path, data, secure=secure)
        if cached and method == "get" and not headers and not is_surface(name):
            assert_cached_like(response, name, path, data, secure)
        return response

    return visit


@pytest.fixture
def member():
    """member("editor", of=site): a user with that role on the site."""

    def member(role, *, of):
        user = User.objects.create_user(f"{role}@{of.domain}", PASSWORD, name=f"{role.title()} of {of.name}")
        Membership.objects.create(user=user, site=of, role=Role[role.upper()])
        return user

    return member


@pytest.fixture
def owner(techblog, member):
    return member("owner", of=techblog)


@pytest.fixture
def editor(techblog, member):
    return member("editor", of=techblog)


@pytest.fixture
def author(techblog, member):
    return member("author", of=techblog)


@pytest.fixture
def stranger(installation):
    """A user without a role on any site."""
    return User.objects.create_user("stranger@elsewhere.test", PASSWORD)


@pytest.fixture
def superuser(installation):
    return User.objects.create_superuser("root@installation.test", PASSWORD)


@pytest.fixture
def admin_as():
    """admin_as(user): a client that is logged in on the admin host."""

    def admin_as(user):
        client = Client(headers={"host": django_settings.ADMIN_HOST})
        client.force_login(user)
        return client

    return admin_as


@pytest.fixture
def dripping():
    """dripping(b"…"): the URL of a server that sends these bytes every 0.3 s and never ends its response."""
    listeners = []

    def drip(listener, what):
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=send, args=[connection, what], daemon=True).start()

    def send(connection, what):
        with suppress(OSError), connection:
            while True:
                connection.sendall(what)
                time.sleep(0.3)

    def dripping(what):
        listeners.append(socket.create_server(("127.0.0.1", 0)))
        threading.Thread(target=drip, args=[listeners[-1], what], daemon=True).start()
        return f"http://127.0.0.1:{listeners[-1].getsockname()[1]}"

    yield dripping
    for listener in listeners:
        listener.close()


@pytest.fixture
def processes(installation):
    """processes(2): starts two server processes on the test database. Each has its own registry."""
    with ExitStack() as started:
        yield lambda count, **environment: started.enter_context(running(count, **environment))
