"""`watch()` works from any app, triggers are in the database of the watched tables, and checks report bad settings."""

import os
import subprocess
import sys

import pytest
from django.conf import settings as django_settings
from django.contrib.sites.models import Site
from django.core.management import call_command
from django.db import connection, connections, transaction

from blogs.models import Post, Tag
from tenancy import checks
from tenancy.changes import triggers, watches
from tenancy.changes.affected import observed_changes

pytestmark = pytest.mark.sqlite

LATE_APP = """
from settings.test import *

INSTALLED_APPS = [*INSTALLED_APPS, "tests.support.noticeboard"]
"""
# Here the registry queries the database again only if the signal of `watch` reports a change.
CHANGE_OF_A_NOTICE = """
import django

django.setup()
from django.core.management import call_command
from tenancy import lifecycle
from tenancy.registry import site_registry
from tests.support.noticeboard.models import Notice

call_command("migrate", run_syncdb=True, verbosity=0)
site = lifecycle.create("blog.test", "Blog", by=None)
before = site_registry.registry.find("blog.test").generation
site_registry.QUERY_INTERVAL = site_registry.MAX_AGE = 3600
site_registry.registry.expire()
site_registry.registry.find("blog.test")
Notice.objects.create(site=site, text="Closed on Monday")
print("known at once" if site_registry.registry.find("blog.test").generation != before else "not known")
"""


@pytest.fixture
def python(tmp_path):
    """python(settings, *arguments): run Python with the text `settings` as settings module and an empty database."""

    def python(settings, *arguments):
        (tmp_path / "settings_of_the_test.py").write_text(settings)
        environment = {
            **os.environ,
            "DATABASE_URL": f"sqlite:///{tmp_path}/test.sqlite3",
            "DJANGO_SETTINGS_MODULE": "settings_of_the_test",
            "PYTHONPATH": f"{tmp_path}:{django_settings.BASE_DIR}",
        }
        return subprocess.run(
            [sys.executable, *arguments], env=environment, capture_output=True, text=True, check=False
        )

    return python


def test_a_process_applies_its_own_change_at_once_in_an_app_listed_after_tenancy(python):
    outcome = python(LATE_APP, "-c", CHANGE_OF_A_NOTICE)

    assert outcome.stdout == "known at once\n", outcome.stderr


@pytest.mark.parametrize(
    ("first", "second"), [("django.contrib.sites", "tenancy"), ("accounts", "django.contrib.admin")]
)
def test_a_check_reports_a_wrong_order_of_installed_apps(python, first, second):
    swapped = f"""
from settings.test import *

INSTALLED_APPS.remove("{first}")
INSTALLED_APPS.insert(INSTALLED_APPS.index("{second}") + 1, "{first}")
"""
    outcome = python(swapped, "manage.py", "check")

    assert outcome.returncode == 1
    assert "(newsstand.E005)" in outcome.stderr
    assert f"Move {first} before {second}." in outcome.stderr


def test_the_order_of_the_installed_apps_passes_the_check(python):
    assert python("from settings.test import *", "manage.py", "check").returncode == 0


class Router:
    """A database router that stores only the models of these apps in the database "second"."""

    def __init__(self, *app_labels):
        self.app_labels = app_labels

    def db_for_write(self, model, **hints):
        return "second" if model._meta.app_label in self.app_labels else "default"

    def allow_migrate(self, db, app_label, **hints):
        return (app_label in self.app_labels) == (db == "second")


def test_a_check_reports_a_watched_model_in_another_database_than_the_generations(settings):
    assert checks.watched_tables_are_beside_generations(None) == []

    settings.DATABASE_ROUTERS = [Router("sites")]
    (error,) = checks.watched_tables_are_beside_generations(None)
    assert error.id == "newsstand.E006"
    assert "sites.Site" in error.msg


def test_a_check_reports_a_lock_that_does_not_cover_a_table_of_the_query(monkeypatch):
    assert checks.locked_queries_read_locked_tables(None) == []

    query = "SELECT n.site_id FROM blogs_post p JOIN blogs_note n ON n.post_id = p.id WHERE p.id = {row}.post_id"
    watch = watches.Watch(Post.tags.through, query, (), lock_by="post_id", inserts=True)
    monkeypatch.setattr(watches, "_watches", [*watches.all_watches(), watch])
    (error,) = checks.locked_queries_read_locked_tables(None)
    assert error.id == "newsstand.E009"
    assert "reads blogs_note" in error.msg


def triggers_in(database):
    """The names of our triggers and, on PostgreSQL, of the functions and the table that they use."""
    statement = {
        "postgresql": "SELECT tgname FROM pg_trigger WHERE tgname LIKE 'newsstand%' UNION"
        " SELECT proname FROM pg_proc WHERE proname LIKE 'newsstand%' UNION"
        " SELECT relname FROM pg_class WHERE relname = 'tenancy_change'",
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'newsstand%'",
    }
    with database.cursor() as cursor:
        cursor.execute(statement[database.vendor])
        return {name for (name,) in cursor.fetchall()}


@pytest.fixture
def second_database(request, installation, tmp_path):
    """An empty database of the same vendor, with the alias "second"."""
    second = connection.copy(alias="second")
    if connection.vendor == "postgresql":
        second.settings_dict["NAME"] = request.getfixturevalue("empty_database").rpartition("/")[2]
    else:
        second.settings_dict["NAME"] = str(tmp_path / "second.sqlite3")
    connections["second"] = second
    yield second
    second.close()
    del connections["second"]


def test_triggers_are_installed_only_in_the_database_of_the_watched_models(second_database, settings):
    settings.DATABASE_ROUTERS = [Router("sessions")]
    call_command("migrate", database="second", verbosity=0)

    assert "django_session" in second_database.introspection.table_names()
    assert triggers_in(second_database) == set()
    assert triggers_in(connection)


def test_a_watched_table_that_the_router_assigns_to_another_database_gets_no_triggers(second_database, settings):
    with second_database.schema_editor() as editor:
        editor.create_model(Site)  # as in a database that stored all tables before the router was added
    settings.DATABASE_ROUTERS = [Router("sessions")]
    triggers.install(second_database)
    assert triggers_in(second_database) == set()

    settings.DATABASE_ROUTERS = [Router("sites")]
    triggers.install(second_database)
    assert triggers_in(second_database)


@pytest.mark.rollback
def test_a_query_that_reads_no_column_of_the_changed_row_affects_all_sites_that_it_yields(
    techblog, financeblog, monkeypatch
):
    watch = watches.Watch(Tag, "SELECT s.id FROM django_site s", (), lock_by="", inserts=True)
    monkeypatch.setattr(watches, "_watches", [*watches.all_watches(), watch])
    triggers.install(connection)

    with transaction.atomic(), observed_changes() as affected:
        Tag.objects.create(site=techblog, slug="python", name="Python")
        assert affected() == [techblog.pk, financeblog.pk]
