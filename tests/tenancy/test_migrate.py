"""`manage.py migrate`: a second migration waits for the first, and no time limit ends a long migration."""

import os
import subprocess
import sys
import time

import psycopg
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from tenancy.management.commands import migrate
from tests.support import production
from tests.support.production import read, shown


@pytest.fixture
def another(installation):
    """A connection that holds the lock, as a running migration does. `another.close()` releases the lock."""
    with psycopg.connect(_address(), autocommit=True) as held:
        held.execute("SELECT pg_advisory_lock(%s)", [migrate.LOCK])
        yield held


def _address():
    return "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**connection.settings_dict)


def test_two_concurrent_migrations_run_each_migration_once(empty_database, tmp_path):
    environment = {**os.environ, **production.environment(tmp_path), "DATABASE_URL": empty_database}
    both = [
        subprocess.Popen(
            [sys.executable, "manage.py", "migrate"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=90) for process in both]

    assert [process.returncode for process in both] == [0, 0], outputs
    applied = sorted("Applying tenancy.0001_initial" in output for output, _ in outputs)
    assert applied == [False, True]


def test_a_waiting_migration_starts_when_the_running_migration_ends(another, monkeypatch, capsys):
    waited = []

    def sleep(seconds):
        waited.append(seconds)
        another.close()
        time.sleep(0.05)

    monkeypatch.setattr(migrate, "sleep", sleep)
    call_command("migrate", verbosity=0)

    assert waited
    assert set(waited) == {1.0}
    assert "Another migration is running; waiting." in capsys.readouterr().err


def test_a_migration_that_waits_too_long_is_refused(another, monkeypatch):
    monkeypatch.setattr(migrate, "TIMEOUT", 0.1)
    monkeypatch.setattr(migrate, "RETRY_INTERVAL", 0.05)

    with pytest.raises(CommandError, match="Another migration is still running after 0 s, so this one did not start"):
        call_command("migrate", verbosity=0)


def test_migrate_with_the_option_plan_or_check_does_not_wait_for_the_lock(another):
    call_command("migrate", verbosity=0, check_unapplied=True)
    call_command("migrate", verbosity=0, plan=True)


def test_a_migration_has_a_lock_timeout_but_no_statement_timeout(installation, monkeypatch, tmp_path):
    limits = read(monkeypatch, tmp_path).DATABASES["default"]["OPTIONS"]
    seen = []
    monkeypatch.setattr(migrate.migrate.Command, "handle", lambda *args, **options: seen.append(shown(connection)))
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", limits)
    try:
        assert shown(connection) == ["10s", "5s", "30s"]
        call_command("migrate", verbosity=0)
        assert shown(connection) == ["10s", "5s", "30s"]
    finally:
        connection.close()

    assert seen == [["0", "5s", "0"]]


def test_no_django_version_reports_missing_migrations(installation, capsys):
    """Choices that differ between Django versions must not be in migrations, or each version would need other ones."""
    call_command("makemigrations", check=True, dry_run=True)

    assert "No changes detected" in capsys.readouterr().out
