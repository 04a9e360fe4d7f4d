"""The cast: two sites, one shared post, an owner, an editor, an author, and a stranger who is always refused."""

import socket
import threading
import time
from contextlib import suppress
from datetime import timedelta

import psycopg
import pytest
from django.conf import settings as django_settings
from django.contrib.sites.models import Site
from django.db import connection
from django.test import Client
from django.utils import timezone

from blogs.models import Placement, Post
from tenancy import lifecycle
from tenancy.models import Domain, Membership, Role, User
from tenancy.registry import registry
from tests import servers
from tests.processes import Processes

PASSWORD = "correct horse battery"


@pytest.fixture(scope="session", autouse=True)
def registry_lets_go(django_db_setup):
    """The test database is dropped at the end, which its own connection would forbid."""
    yield
    registry.hang_up()


@pytest.fixture
def installation(transactional_db, settings, tmp_path):
    """An empty installation. Its transactions really commit: the registry hears of nothing else."""
    settings.MEDIA_ROOT = tmp_path / "media"
    yield
    # All tables are emptied next, by TRUNCATE, of which no registry hears; of this each does that asks in time.
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


@pytest.fixture
def visit():
    """visit(site, path) or visit("host", path): the answer a reader gets. No cookie is kept between visits."""

    def visit(host, path="/", method="get", data=None, **headers):
        name = host.domain if isinstance(host, Site) else host
        client = Client(headers={"host": name, **headers})
        return getattr(client, method)(path, data, secure=django_settings.PUBLIC_SCHEME == "https")

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
    started = Processes()
    yield started.start
    started.stop()
