"""A certificate is asked for a domain only after it was seen to lead here; what fails is asked ever more rarely."""

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
    """leads_to(process): every name in the world is that process, as if DNS said so."""

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
    """A server process that has heard of the site."""
    wait_until(lambda: server.status(techblog.domain) == 200)
    return server


@pytest.fixture
def check(capsys):
    def check(*names):
        call_command("site", "domain", "check", *names)
        return capsys.readouterr().out

    return check


def test_domains_that_lead_here_are_found(techblog, processes, leads_to, check):
    lifecycle.add_domain(techblog, "old.test")
    leads_to(processes(1)[0])

    said = check()

    assert [f"{name} leads here." in said for name in ("techblog.test", "old.test", django_settings.ADMIN_HOST)] == [
        True
    ] * 3
    assert not DomainCheck.objects.filter(failures__gt=0).exists()


def test_a_domain_that_leads_nowhere_is_no_candidate(techblog, monkeypatch, check):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")

    with pytest.raises(CommandError, match="Not every domain leads here"):
        check("techblog.test")

    noted = DomainCheck.objects.get(name="techblog.test")
    assert (noted.failures, "cannot be reached" in noted.reason) == (1, True)


def test_a_domain_that_leads_to_another_installation_is_no_candidate(techblog, process, leads_to, check, settings):
    leads_to(process)
    settings.SECRET_KEY = "another installation has another key"

    with pytest.raises(CommandError):
        check("techblog.test")

    assert "without this installation's proof" in DomainCheck.objects.get(name="techblog.test").reason


def test_the_proof_of_one_domain_is_none_for_another(techblog, financeblog, visit):
    proofs = [visit(site, domain_checks.PROOF_PATH).content for site in (techblog, financeblog)]

    assert proofs[0] != proofs[1]
    assert visit("unknown.test", domain_checks.PROOF_PATH).status_code == 404


def test_a_domain_that_redirects_proves_itself(techblog, visit):
    lifecycle.add_domain(techblog, "old.test")

    answer = visit("old.test", domain_checks.PROOF_PATH)

    assert (answer.status_code, answer.content.decode().strip()) == (200, domain_checks.proof("old.test"))


@pytest.mark.parametrize(("failures", "waits"), [(1, 1), (2, 2), (5, 16), (11, 1024), (12, 1440), (30_000, 1440)])
def test_who_fails_is_asked_again_after_twice_as_long_up_to_a_day(techblog, failures, waits):
    now = timezone.now()
    DomainCheck.objects.create(name="techblog.test", checked_at=now, failures=failures, reason="unreachable")

    assert "techblog.test" not in domain_checks.due(now + timedelta(minutes=waits, seconds=-1))
    assert "techblog.test" in domain_checks.due(now + timedelta(minutes=waits))


def test_who_leads_here_is_asked_once_a_day(techblog, process, leads_to, check):
    leads_to(process)
    check()

    assert domain_checks.due(timezone.now()) == []
    assert len(domain_checks.due(timezone.now() + timedelta(days=1))) == 2


def test_one_success_ends_a_row_of_failures(techblog, process, leads_to, check):
    DomainCheck.objects.create(name="techblog.test", checked_at=timezone.now(), failures=9, reason="unreachable")
    leads_to(process)

    check("techblog.test")

    assert DomainCheck.objects.values_list("failures", "reason").get(name="techblog.test") == (0, "")


def test_a_check_is_no_change_of_the_site(techblog, process, leads_to, check):
    leads_to(process)
    before = Generation.objects.get(site_id=techblog.pk).value

    check("techblog.test")

    assert Generation.objects.get(site_id=techblog.pk).value == before


def test_an_unknown_domain_is_not_asked(techblog, check):
    with pytest.raises(CommandError, match="No site has the domain elsewhere"):
        check("elsewhere.test")


def test_programs_read_one_document(techblog, monkeypatch, check):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")

    [admin, techblog] = json.loads(check("--json"))

    assert (admin["domain"], techblog["domain"]) == (django_settings.ADMIN_HOST, "techblog.test")
    assert (techblog["leads_here"], techblog["failures"]) == (False, 1)


def test_what_was_known_of_a_domain_goes_with_it(techblog, monkeypatch, check):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    lifecycle.add_domain(techblog, "old.test")
    check()

    lifecycle.remove_domain(techblog, "old.test")

    assert set(DomainCheck.objects.values_list("name", flat=True)) == {django_settings.ADMIN_HOST, "techblog.test"}


def test_checking_goes_on_and_survives_a_database_that_restarts(techblog, monkeypatch, capsys):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    rounds = iter([servers.postgresql.stop, servers.postgresql.start])

    def sleep(seconds):
        next(rounds, stop)()

    def stop():
        raise KeyboardInterrupt

    monkeypatch.setattr(checking, "sleep", sleep)
    with pytest.raises(KeyboardInterrupt):
        call_command("site", "domain", "check", "techblog.test", "--every", "7")

    said = capsys.readouterr().out
    assert "as 1 times in a row" in said
    assert "no answer, and is asked again in 7 s" in said
    assert "as 2 times in a row" in said


@pytest.mark.parametrize("sent", [b"HTTP/1.1 200 OK\r\nX", b"HTTP/1.1 100 Continue\r\n\r\n", b"\x00\x1b[31mevil\r\n"])
def test_who_answers_slowly_for_ever_or_no_http_holds_up_nobody(
    techblog, financeblog, dripping, monkeypatch, check, sent
):
    monkeypatch.setattr(domain_checks, "TIMEOUT", 1.0)
    monkeypatch.setenv("http_proxy", dripping(sent))
    began = time.monotonic()

    said = check()

    assert time.monotonic() - began < 4
    assert DomainCheck.objects.filter(failures=1).count() == 3
    assert "\x00" not in said
    assert "\x1b" not in said


@pytest.mark.parametrize("location", ["http://[", "//", "http://techblog.test/"])
def test_a_redirect_leads_nowhere(techblog, monkeypatch, check, location, dripping):
    answer = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
    monkeypatch.setenv("http_proxy", dripping(answer.encode()))

    with pytest.raises(CommandError):
        check("techblog.test")

    assert "responds with status 302" in DomainCheck.objects.get(name="techblog.test").reason


def test_the_proof_is_given_to_who_asks_without_tls(techblog, settings):
    settings.PUBLIC_SCHEME = "https"
    lifecycle.add_domain(techblog, "old.test")

    for host in ("techblog.test", "old.test", django_settings.ADMIN_HOST):
        answer = Client(headers={"host": host}).get(domain_checks.PROOF_PATH)
        assert (answer.status_code, answer.content.decode().strip()) == (200, domain_checks.proof(host))
