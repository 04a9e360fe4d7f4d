"""A domain gets a certificate only if it leads to this server. Failed domains are retried with exponential back-off."""

import json
import time
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from devstack.processes import wait_until
from tenancy import domain_checks, lifecycle
from tenancy.management import checking
from tenancy.models import DomainCheck, Generation
from tests.support import servers
from tests.support.processes import running


@pytest.fixture
def leads_to(monkeypatch):
    """leads_to(process): make every domain lead to that process, as if DNS resolved it to the process."""

    def leads_to(process):
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{process.port}")
        monkeypatch.delenv("no_proxy", raising=False)

    return leads_to


@pytest.fixture(scope="module")
def server(django_db_setup):
    with running() as (process,):
        yield process


@pytest.fixture
def process(server, techblog):
    """A server process whose registry has the site."""
    wait_until(lambda: server.status(techblog.domain) == 200)
    return server


@pytest.fixture
def check(capsys):
    """check("domain", …): run `manage.py site domain check` with these arguments and return its output."""

    def check(*names):
        call_command("site", "domain", "check", *names)
        return capsys.readouterr().out

    return check


def test_domains_that_lead_to_this_installation_are_recorded_without_failures(techblog, processes, leads_to, check):
    lifecycle.add_domain(techblog, "old.test", by=None)
    leads_to(processes(1)[0])

    output = check()

    assert [f"{name} leads here." in output for name in ("techblog.test", "old.test", django_settings.ADMIN_HOST)] == [
        True
    ] * 3
    assert not DomainCheck.objects.filter(failures__gt=0).exists()


def test_a_domain_that_cannot_be_reached_is_recorded_as_failed(techblog, monkeypatch, check):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")

    with pytest.raises(CommandError, match="Not every domain leads here"):
        check("techblog.test")

    recorded = DomainCheck.objects.get(name="techblog.test")
    assert (recorded.failures, "cannot be reached" in recorded.reason) == (1, True)


def test_a_domain_that_leads_to_another_installation_is_recorded_as_failed(
    techblog, process, leads_to, check, settings
):
    leads_to(process)
    settings.SECRET_KEY = "another installation has another key"

    with pytest.raises(CommandError):
        check("techblog.test")

    assert "without this installation's proof" in DomainCheck.objects.get(name="techblog.test").reason


def test_each_domain_has_its_own_proof(techblog, financeblog, visit):
    proofs = [visit(site, domain_checks.PROOF_PATH).content for site in (techblog, financeblog)]

    assert proofs[0] != proofs[1]
    assert visit("unknown.test", domain_checks.PROOF_PATH).status_code == 404


def test_a_further_domain_responds_with_its_own_proof(techblog, visit):
    lifecycle.add_domain(techblog, "old.test", by=None)

    response = visit("old.test", domain_checks.PROOF_PATH)

    assert (response.status_code, response.content.decode().strip()) == (200, domain_checks.proof("old.test"))


def test_a_suspended_site_responds_with_the_proof(techblog, visit):
    lifecycle.suspend(techblog, by=None)

    response = visit("techblog.test", domain_checks.PROOF_PATH)

    assert (response.status_code, response.content.decode().strip()) == (200, domain_checks.proof("techblog.test"))
    assert visit("techblog.test").status_code == 503


@pytest.mark.parametrize(("failures", "waits"), [(1, 1), (2, 2), (5, 16), (11, 1024), (12, 1440), (30_000, 1440)])
def test_the_interval_of_domain_checks_doubles_with_each_failure_up_to_a_day(techblog, failures, waits):
    now = timezone.now()
    DomainCheck.objects.create(name="techblog.test", checked_at=now, failures=failures, reason="unreachable")

    assert "techblog.test" not in domain_checks.due(now + timedelta(minutes=waits, seconds=-1))
    assert "techblog.test" in domain_checks.due(now + timedelta(minutes=waits))


def test_a_domain_that_leads_to_this_installation_is_checked_once_a_day(techblog, process, leads_to, check):
    leads_to(process)
    check()

    assert domain_checks.due(timezone.now()) == []
    assert len(domain_checks.due(timezone.now() + timedelta(days=1))) == 2


def test_a_successful_domain_check_resets_the_number_of_failures(techblog, process, leads_to, check):
    DomainCheck.objects.create(name="techblog.test", checked_at=timezone.now(), failures=9, reason="unreachable")
    leads_to(process)

    check("techblog.test")

    assert DomainCheck.objects.values_list("failures", "reason").get(name="techblog.test") == (0, "")


def test_a_domain_check_does_not_change_the_generation_of_the_site(techblog, process, leads_to, check):
    leads_to(process)
    before = Generation.objects.get(site_id=techblog.pk).value

    check("techblog.test")

    assert Generation.objects.get(site_id=techblog.pk).value == before


def test_an_unknown_domain_is_not_checked(techblog, check):
    with pytest.raises(CommandError, match="No site has the domain elsewhere"):
        check("elsewhere.test")


def test_the_option_json_prints_a_single_json_document(techblog, monkeypatch, check):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")

    [admin, techblog] = json.loads(check("--json"))

    assert (admin["domain"], techblog["domain"]) == (django_settings.ADMIN_HOST, "techblog.test")
    assert (techblog["leads_here"], techblog["failures"]) == (False, 1)


def test_the_check_of_a_domain_is_deleted_with_the_domain(techblog, monkeypatch, check):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    lifecycle.add_domain(techblog, "old.test", by=None)
    check()

    lifecycle.remove_domain(techblog, "old.test", by=None)

    assert set(DomainCheck.objects.values_list("name", flat=True)) == {django_settings.ADMIN_HOST, "techblog.test"}


def test_domain_check_with_the_option_every_continues_after_a_database_restart(techblog, monkeypatch, capsys):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    rounds = iter([servers.postgresql.stop, servers.postgresql.start])

    def sleep(seconds):
        next(rounds, stop)()

    def stop():
        raise KeyboardInterrupt

    monkeypatch.setattr(checking, "sleep", sleep)
    with pytest.raises(KeyboardInterrupt):
        call_command("site", "domain", "check", "techblog.test", "--every", "7")

    output = capsys.readouterr().out
    assert "(failures in a row: 1)" in output
    assert "The next check is in 7 s." in output
    assert "(failures in a row: 2)" in output


@pytest.mark.parametrize("sent", [b"HTTP/1.1 200 OK\r\nX", b"HTTP/1.1 100 Continue\r\n\r\n", b"\x00\x1b[31mevil\r\n"])
def test_the_check_of_a_server_that_responds_slowly_or_without_http_fails_in_time(
    techblog, financeblog, dripping, monkeypatch, check, sent
):
    monkeypatch.setattr(domain_checks, "TIMEOUT", 1.0)
    monkeypatch.setenv("http_proxy", dripping(sent))
    began = time.monotonic()

    output = check()

    assert time.monotonic() - began < 4
    assert DomainCheck.objects.filter(failures=1).count() == 3
    assert "\x00" not in output
    assert "\x1b" not in output


@pytest.mark.parametrize("location", ["http://[", "//", "http://techblog.test/"])
def test_a_domain_check_does_not_follow_redirects(techblog, monkeypatch, check, location, dripping):
    redirect = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
    monkeypatch.setenv("http_proxy", dripping(redirect.encode()))

    with pytest.raises(CommandError):
        check("techblog.test")

    assert "responds with status 302" in DomainCheck.objects.get(name="techblog.test").reason


def test_the_proof_is_available_without_tls(techblog, settings):
    settings.PUBLIC_SCHEME = "https"
    lifecycle.add_domain(techblog, "old.test", by=None)

    for host in ("techblog.test", "old.test", django_settings.ADMIN_HOST):
        response = Client(headers={"host": host}).get(domain_checks.PROOF_PATH)
        assert (response.status_code, response.content.decode().strip()) == (200, domain_checks.proof(host))
