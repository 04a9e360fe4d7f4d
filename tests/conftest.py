"""The cast: two sites, one shared post, an owner, an editor, an author, and a stranger who is always refused."""

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
from blogs.models import Placement, Post
from lib import hostnames
from tenancy import lifecycle, surfaces
from tenancy.models import Domain
from tenancy.registry.site_registry import registry
from tests.support import servers
from tests.support.accounts import PASSWORD
from tests.support.processes import running
from tests.support.reading import assert_cached_like

MANY = 1_000_000  # bytes of a table; so many rows are gone sooner, and for good, by TRUNCATE


@pytest.fixture(scope="session", autouse=True)
def registry_lets_go(django_db_setup):
    """The test database is dropped at the end, which its own connection would forbid."""
    yield
    registry.close()


@pytest.fixture(scope="session", autouse=True)
def tables_are_emptied_quickly(django_db_setup):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda test_case: empty_tables())
        yield


def empty_tables():
    """Delete every row but what migrations left, in a tenth of the time of Django's own way.

    That one cuts all tables, used or not, and then does all that follows a migration: it makes content types and
    permissions anew, and looks for our triggers. Here the former stay, and a test that breaks a trigger mends it.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL session_replication_role = replica")  # without triggers, in any order
            cursor.execute(
                "SELECT relname FROM pg_class WHERE relname = ANY(%s) AND pg_relation_size(oid) > %s",
                [list(tables()), MANY],
            )
            for (table,) in cursor.fetchall():
                cursor.execute(f"TRUNCATE {table} CASCADE")
        for table in tables():
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608  # names of our own tables
    ContentType.objects.clear_cache()  # so that no test has it from the one before


@cache
def tables():
    """Those of our models, the generations last: on SQLite a deleted row writes one."""
    kept = {ContentType._meta.db_table, Permission._meta.db_table}
    found = set(connection.introspection.django_table_names(only_existing=True, include_views=False)) - kept
    return sorted(found, key="tenancy_generation".__eq__)


@pytest.fixture
def installation(transactional_db, settings, tmp_path):
    """An empty installation. Its transactions really commit: the registry hears of nothing else."""
    settings.MEDIA_ROOT = tmp_path / "media"
    yield
    # All tables are emptied next, without a trigger, of which no registry hears; of this each does that asks in time.
    Domain.objects.all().delete()
    registry.find("")


@pytest.fixture
def empty_database(installation):
    """The address of a database without a table."""
    address = connection.settings_dict
    url = servers.postgresql.url.rpartition("/")[0]
    with psycopg.connect(url + "/postgres", autocommit=True) as postgresql:
        postgresql.execute(f"CREATE DATABASE empty_of_{address['NAME']}")
    yield f"{url}/empty_of_{address['NAME']}"
    with psycopg.connect(url + "/postgres", autocommit=True) as postgresql:
        postgresql.execute(f"DROP DATABASE empty_of_{address['NAME']} WITH (FORCE)")


@pytest.fixture
def techblog(installation):
    return lifecycle.create("techblog.test", "Techblog", tagline="Notes from the machine room")


@pytest.fixture
def financeblog(installation):
    return lifecycle.create("financeblog.test", "Financeblog", theme="broadsheet", accent="#7a1f2b")


@pytest.fixture
def publish():
    """publish("Title", on=site): a live post. `at` moves its time, None makes a draft; `home` defaults to the site."""

    def publish(title, *, on, slug="", at=..., home=None, post=None, kind="post", pinned=False, body="Text.", **fields):
        if post is None:
            post = Post(home=home or on, title=title, body=body, kind=kind, **fields)
            post.save()
        when = timezone.now() - timedelta(minutes=1) if at is ... else at
        placement = Placement(post=post, site=on, slug=slug, published_at=when, pinned=pinned)
        placement.full_clean()
        placement.save()
        return placement

    return publish


@pytest.fixture
def shared(techblog, financeblog, publish):
    """One post at home on the techblog that stands on the financeblog too, under another slug."""
    placement = publish("Ledgers in Python", on=techblog, slug="ledgers")
    publish("", on=financeblog, post=placement.post, slug="python-ledgers")
    return placement.post


def is_of_the_installation(host):
    name, _ = hostnames.split_host(host) or ("", "")
    return name in surfaces.reserved()


@pytest.fixture
def visit():
    """visit(site, path) or visit("host", path): the answer a reader gets. No cookie is kept between visits.

    Whoever only reads gets the same from the page cache, cold and warm, which is looked at each time.
    """

    def visit(host, path="/", method="get", data=None, **headers):
        name = host.domain if isinstance(host, Site) else host
        client = Client(headers={"host": name, **headers})
        secure = django_settings.PUBLIC_SCHEME == "https"
        registry.expire()  # as if a quarter of a second had passed since the last change
        response = getattr(client, method)(path, data, secure=secure)
        if method == "get" and not headers and not is_of_the_installation(name):
            assert_cached_like(response, name, path, data, secure)
        return response

    return visit


@pytest.fixture
def member():
    """member("editor", of=site): an account with that role there."""

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
    """Has an account and no role anywhere."""
    return User.objects.create_user("stranger@elsewhere.test", PASSWORD)


@pytest.fixture
def superuser(installation):
    return User.objects.create_superuser("root@installation.test", PASSWORD)


@pytest.fixture
def admin_as():
    """admin_as(user): a client on the admin's host, logged in."""

    def admin_as(user):
        client = Client(headers={"host": django_settings.ADMIN_HOST})
        client.force_login(user)
        return client

    return admin_as


@pytest.fixture
def dripping():
    """dripping(b"…"): the address of a server that sends these bytes again and again, and nothing else."""
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
    """processes(2): that many server processes of their own on the test database, each with its registry."""
    with ExitStack() as started:
        yield lambda count, **environment: started.enter_context(running(count, **environment))
