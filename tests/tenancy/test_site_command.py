"""The effects, the output and the exit codes of `manage.py site`."""

import json
import os
import pty
import subprocess
import sys
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings as django_settings
from django.contrib.sites.models import Site
from django.core.management import CommandError, call_command
from django.db import connection, connections

from tenancy import lifecycle
from tenancy.lookup import SHOWN, UnknownSite, known_sites, site_named
from tenancy.management.commands.site import Command
from tenancy.models import Domain, SiteSettings, State
from tests.support.processes import _url

pytestmark = [pytest.mark.sqlite, pytest.mark.rollback]

# For tests that request pages (the registry reads only committed rows), that start processes, or that need the
# generation, which is written at the commit.
commits = pytest.mark.django_db(transaction=True)

KEYS = [
    *(
        "id",
        "domain",
        "name",
        "url",
        "state",
        "further_domains",
        "uuid",
        "deployment",
        "tagline",
        "language",
        "time_zone",
        "theme",
    ),
    *("accent", "posts_per_page", "robots", "members", "generation"),
]


@pytest.fixture(autouse=True)
def _empty(installation):
    """Each test of this module starts without sites."""


class Outcome(SimpleNamespace):
    @property
    def json(self):
        return json.loads(self.out)


@pytest.fixture
def site(monkeypatch, capsys):
    """site("create", "a.test", …) runs the command as a shell does and returns .code, .out and .err.

    Standard input is a terminal only if `typed` is given.
    """

    def site(*words, typed=None):
        keyboard = StringIO(typed or "")
        keyboard.isatty = lambda: typed is not None
        monkeypatch.setattr(sys, "stdin", keyboard)
        # A command closes all connections when it ends. That would end the transaction of the test.
        monkeypatch.setattr(connections, "close_all", lambda: None)
        code = 0
        try:
            Command().run_from_argv(["manage.py", "site", *words])
        except SystemExit as end:
            code = end.code
        out, err = capsys.readouterr()
        return Outcome(code=code, out=out, err=err)

    return site


# -- create -----------------------------------------------------------------------------------------


def test_create_prints_the_url_of_the_live_site(site):
    outcome = site("create", "Blog.TEST.", "--name", "A blog")

    assert (outcome.code, outcome.err) == (0, "")
    assert "Created blog.test" in outcome.out
    assert "http://blog.test/" in outcome.out
    assert "http://admin.localhost/" in outcome.out
    assert Site.objects.get().settings.state == State.LIVE


def test_create_accepts_all_settings_and_prints_them_as_json(site):
    outcome = site(
        *("create", "münchen.test", "--name", "Ein Blog", "--tagline", "Hi", "--language", "de", "--json"),
        *("--time-zone", "Europe/Berlin", "--theme", "broadsheet", "--accent", "#123456"),
    )

    assert outcome.code == 0
    assert list(outcome.json) == KEYS
    expected = {
        "domain": "xn--mnchen-3ya.test",
        "name": "Ein Blog",
        "url": "http://xn--mnchen-3ya.test/",
        "state": "live",
        "further_domains": [],
        "deployment": "shared",
        "tagline": "Hi",
        "language": "de",
        "time_zone": "Europe/Berlin",
        "theme": "broadsheet",
        "accent": "#123456",
        "members": [],
    }
    assert {key: outcome.json[key] for key in expected} == expected


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["127.0.0.1"], ["'127.0.0.1'", "IP address", "needs a domain name"]),
        (["*.blog.test"], ["'*.blog.test'", "wildcard", "only the host name"]),
        (["http://blog.test"], ["scheme", "only the host name"]),
        (["admin.localhost"], ["admin.localhost", "ADMIN_HOST", "choose another"]),
        (["blog.test", "--language", "xx"], ["--language", "xx", "de or pt-br"]),
        (["blog.test", "--theme", "xx"], ["--theme", "xx", "broadsheet, terminal"]),
        (["blog.test", "--accent", "red"], ["--accent", "#0b6e4f"]),
        (["blog.test", "--time-zone", "Mars"], ["--time-zone", "Mars", "Europe/Berlin"]),
        (["blog.test", "--accent", "red", "--theme", "xx"], ["--accent", "--theme"]),
        (["blog.test", "--name", "x" * 51], ["--name", "51", "50"]),
    ],
)
def test_an_error_message_contains_the_value_the_rule_and_the_remedy(site, words, said):
    outcome = site("create", "--name", "A blog", *words)

    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.startswith("Refused: ")
    for part in said:
        assert part in outcome.err
    assert "Traceback" not in outcome.err
    assert not Site.objects.exists()


def test_a_taken_domain_is_refused_in_any_spelling(site):
    site("create", "blog.test", "--name", "A blog")
    outcome = site("create", "BLOG.test.", "--name", "Another")

    assert outcome.code == 1
    assert "The domain blog.test is taken" in outcome.err


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["unknown"],
        ["create"],
        ["create", "blog.test"],
        ["create", "--name", "A blog"],
        ["show"],
        ["domain"],
        ["domain", "add", "blog.test"],
        ["rename", "blog.test"],
        ["list", "--unknown"],
    ],
)
def test_wrong_usage_exits_with_2_and_prints_the_usage(site, words):
    outcome = site(*words)

    assert (outcome.code, outcome.out) == (2, "")
    assert "usage: manage.py site" in outcome.err


# -- list and show ----------------------------------------------------------------------------------


def test_the_list_in_an_installation_without_sites_shows_how_to_create_a_site(site):
    assert "site create" in site("list").out
    assert site("list", "--json").json == []


def test_the_list_is_printed_in_columns(site, techblog, financeblog):
    lifecycle.add_domain(techblog, "www.techblog.test", by=None)
    lifecycle.suspend(financeblog, by=None)
    outcome = site("list")

    head, finance, tech = outcome.out.splitlines()
    assert finance.split()[1:4] == ["financeblog.test", "suspended", "Financeblog"]
    assert tech.split()[1:] == ["techblog.test", "live", "Techblog", "www.techblog.test"]
    assert head.index("state") == finance.index("suspended") == tech.index("live")
    assert [one["domain"] for one in site("list", "--json").json] == ["financeblog.test", "techblog.test"]
    assert all(list(one) == KEYS for one in site("list", "--json").json)


def test_the_list_takes_the_same_number_of_queries_for_any_number_of_sites(site, django_assert_num_queries):
    for number in range(3):
        lifecycle.create(f"{number}.blog.test", "A blog", by=None)
    with django_assert_num_queries(5):
        site("list")


@commits
@pytest.mark.parametrize("spelling", ["techblog.test", "WWW.TechBlog.test.", "münchen.test", "XN--MNCHEN-3YA.test"])
def test_a_site_can_be_selected_by_any_of_its_domains_in_any_spelling(site, techblog, member, spelling):
    lifecycle.add_domain(techblog, "www.techblog.test", by=None)
    lifecycle.add_domain(techblog, "münchen.test", by=None)
    member("editor", of=techblog)

    outcome = site("show", spelling)
    assert outcome.code == 0
    for part in (
        "www.techblog.test",
        "Notes from the machine room",
        "editor@techblog.test (editor)",
        "http://techblog",
    ):
        assert part in outcome.out
    shown = site("show", spelling, "--json").json
    assert list(shown) == KEYS
    assert shown["further_domains"] == ["www.techblog.test", "xn--mnchen-3ya.test"]
    assert shown["members"] == [
        {"email": "editor@techblog.test", "name": "Editor of Techblog", "role": "editor"},
    ]
    assert len(shown["generation"]) == 36


def test_an_unknown_site_is_refused_with_a_list_of_existing_sites(site, techblog):
    for name, reason in (("nope.test", "No site has the domain nope.test"), ("127.0.0.1", "IP address")):
        outcome = site("show", name)
        assert outcome.code == 1
        assert reason in outcome.err
        assert f"techblog.test ({techblog.pk})" in outcome.err


def test_the_list_of_existing_sites_in_a_message_is_limited():
    Site.objects.bulk_create(Site(domain=f"{number:03}.test", name="A blog") for number in range(SHOWN + 5))

    assert f"{SHOWN - 1:03}.test" in known_sites()
    assert f"{SHOWN:03}.test" not in known_sites()
    assert "and 5 more" in known_sites()


def test_the_message_in_an_installation_without_sites_shows_how_to_create_a_site(site):
    assert "site create" in site("show", "nope.test").err


def test_control_characters_in_names_do_not_reach_the_terminal(site, techblog):
    Site.objects.filter(pk=techblog.pk).update(name="\x1b[2J\x07Techblog\nfake.test")

    for words in (["list"], ["show", "techblog.test"]):
        out = site(*words).out
        assert "\x1b" not in out
        assert "\nfake.test" not in out
    assert site("show", "techblog.test", "--json").json["name"].startswith("\x1b")


def test_a_site_created_without_lifecycle_can_be_found_and_deleted(site):
    Site.objects.create(domain="raw.test", name="Made without us")

    assert site("show", "raw.test", "--json").json["state"] is None
    assert site("delete", "raw.test", "--yes").code == 0
    assert not Site.objects.exists()


def test_the_domain_table_takes_precedence_over_djangos_site_table(techblog, financeblog):
    Site.objects.filter(pk=techblog.pk).update(domain="odd.test")

    assert site_named("techblog.test") == techblog
    assert site_named("odd.test") == techblog
    with pytest.raises(UnknownSite):
        site_named("nope.test")


# -- rename and domains -----------------------------------------------------------------------------


@commits
def test_rename_keeps_the_old_domain_and_prints_how_to_release_it(site, techblog, visit):
    outcome = site("rename", "techblog.test", "New.test")

    assert outcome.code == 0
    assert "http://new.test/" in outcome.out
    assert "manage.py site domain remove new.test techblog.test" in outcome.out
    assert visit("techblog.test", "/a?b=c")["Location"] == "http://new.test/a?b=c"


@commits
def test_rename_can_release_the_old_domain(site, techblog, visit):
    outcome = site("rename", "techblog.test", "new.test", "--release-old", "--json")

    assert (outcome.json["domain"], outcome.json["further_domains"]) == ("new.test", [])
    assert visit("techblog.test").status_code == 404


def test_rename_to_the_same_name_reports_that_nothing_changed(site, techblog):
    outcome = site("rename", "techblog.test", "TECHBLOG.test")

    assert outcome.code == 0
    assert "already" in outcome.out


def test_rename_to_the_domain_of_another_site_is_refused(site, techblog, financeblog):
    outcome = site("rename", "techblog.test", "financeblog.test")

    assert outcome.code == 1
    assert "financeblog.test is taken" in outcome.err


def test_further_domains_can_be_added_and_removed(site, techblog, financeblog):
    assert "redirects to http://techblog.test/" in site("domain", "add", "techblog.test", "WWW.techblog.test").out
    refused = site("domain", "add", "financeblog.test", "www.techblog.test")
    assert (refused.code, "is taken" in refused.err) == (1, True)
    refused = site("domain", "remove", "financeblog.test", "www.techblog.test")
    assert (refused.code, "no further domain" in refused.err) == (1, True)

    outcome = site("domain", "remove", "www.techblog.test", "www.TECHBLOG.test")
    assert (outcome.code, "released" in outcome.out) == (0, True)
    assert Domain.objects.count() == 2


def test_the_primary_domain_cannot_be_removed(site, techblog):
    outcome = site("domain", "remove", "techblog.test", "techblog.test")

    assert outcome.code == 1
    assert "Rename the site" in outcome.err


def test_domain_add_prints_the_site_as_json(site, techblog):
    outcome = site("domain", "add", "techblog.test", "www.techblog.test", "--json")

    assert outcome.json["further_domains"] == ["www.techblog.test"]


# -- suspend, resume, delete ------------------------------------------------------------------------


@commits
def test_a_suspended_site_gets_503_until_it_is_resumed(site, techblog, visit):
    suspended = site("suspend", "techblog.test")
    assert "manage.py site resume techblog.test" in suspended.out
    assert visit("techblog.test").status_code == 503

    assert site("resume", "techblog.test", "--json").json["state"] == "live"
    assert SiteSettings.objects.get().tagline == "Notes from the machine room"


def test_delete_requires_the_domain_to_be_typed(site, techblog):
    outcome = site("delete", "techblog.test", typed="techblog.test\n")

    assert outcome.code == 0
    assert "Type techblog.test to confirm" in outcome.err
    assert "Deleted techblog.test" in outcome.out
    assert not Site.objects.exists()


@pytest.mark.parametrize("typed", ["yes\n", "\n", "", "financeblog.test\n"])
def test_delete_with_any_other_input_deletes_nothing(site, techblog, typed):
    outcome = site("delete", "techblog.test", typed=typed)

    assert outcome.code == 1
    assert "Nothing was deleted" in outcome.err
    assert Site.objects.exists()


def test_delete_without_a_terminal_is_refused(site, techblog):
    outcome = site("delete", "techblog.test")

    assert outcome.code == 1
    assert "--yes" in outcome.err
    assert Site.objects.exists()


def test_delete_prints_only_the_deleted_site_as_json(site, techblog):
    lifecycle.add_domain(techblog, "www.techblog.test", by=None)
    outcome = site("delete", "www.techblog.test", "--json", typed="techblog.test\n")

    assert list(outcome.json) == KEYS
    assert (outcome.json["domain"], outcome.json["further_domains"]) == ("techblog.test", ["www.techblog.test"])


def test_deleting_the_home_of_shared_posts_is_refused_with_a_list_of_these_posts(site, shared, techblog):
    outcome = site("delete", "techblog.test", "--yes")

    assert outcome.code == 1
    assert f"{shared.pk}  Ledgers in Python: financeblog.test" in outcome.err
    assert "--move-home-to" in outcome.err
    assert Site.objects.count() == 2


def test_the_list_of_shared_posts_in_a_message_is_limited(site, techblog, financeblog, publish):
    for number in range(SHOWN + 3):
        publish("", on=financeblog, post=publish(f"Post {number}", on=techblog).post, slug=f"there-{number}")
    outcome = site("delete", "techblog.test", "--yes")

    assert outcome.err.count("financeblog.test") == SHOWN
    assert "and 3 more" in outcome.err


@commits
def test_delete_can_move_shared_posts_to_another_home(site, shared, techblog, financeblog, visit):
    outcome = site("delete", "techblog.test", "--yes", "--move-home-to", "Financeblog.TEST")

    assert outcome.code == 0
    assert "have financeblog.test as their home" in outcome.out
    shared.refresh_from_db()
    assert shared.home == financeblog
    assert visit("financeblog.test", "/python-ledgers/").status_code == 200


@pytest.mark.parametrize(
    ("home", "said"), [("nope.test", "No site has"), ("techblog.test", "cannot become the new home")]
)
def test_deleting_a_site_with_an_invalid_new_home_is_refused(site, shared, home, said):
    outcome = site("delete", "techblog.test", "--yes", "--move-home-to", home)

    assert outcome.code == 1
    assert said in outcome.err
    assert Site.objects.count() == 2


def test_call_command_raises_command_error_for_a_refusal():
    with pytest.raises(CommandError, match="IP address"):
        call_command("site", "create", "127.0.0.1", "--name", "A blog")


# -- in a separate process --------------------------------------------------------------------------


def manage(*words, stdin=subprocess.DEVNULL, **environment):
    """Run manage.py in a separate process on the test database."""
    return subprocess.Popen(
        [sys.executable, "manage.py", *words],
        cwd=django_settings.BASE_DIR,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "settings.test",
            "DATABASE_URL": _url(connection.settings_dict),
            **environment,
        },
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@commits
def test_the_command_works_in_a_process_pinned_to_a_deleted_site(techblog):
    process = manage("site", "list", "--json", SITE_ID="999")
    out, err = process.communicate(timeout=30)

    assert (process.returncode, err) == (0, "")
    assert [one["domain"] for one in json.loads(out)] == ["techblog.test"]


@commits
def test_a_typed_domain_at_a_terminal_confirms_the_deletion(techblog):
    ours, theirs = pty.openpty()
    process = manage("site", "delete", "techblog.test", stdin=theirs)
    os.write(ours, b"techblog.test\n")
    out, err = process.communicate(timeout=30)
    os.close(ours)
    os.close(theirs)

    assert process.returncode == 0, err
    assert "Deleted techblog.test" in out


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"SITE_ID": "x"}, "SITE_ID='x'"),
        ({"PUBLIC_PORT": "abc"}, "PUBLIC_PORT='abc'"),
        ({"PUBLIC_PORT": "9" * 5000}, "from 1 to 65535"),
        ({"PUBLIC_SCHEME": "gopher"}, "http, https"),
        ({"ADMIN_HOST": "a b"}, "ADMIN_HOST='a b'"),
    ],
)
def test_an_invalid_environment_variable_stops_the_command_with_one_line(environment, said):
    process = manage("site", "list", **environment)
    out, err = process.communicate(timeout=30)

    assert (process.returncode, out) == (1, "")
    assert said in err
    assert err.startswith("Error: ")
    assert len(err.splitlines()) == 1


@commits
def test_an_empty_environment_variable_counts_as_unset():
    process = manage(
        "site", "list", "--json", SITE_ID="", PUBLIC_PORT="", PUBLIC_SCHEME="", ADMIN_HOST="", INTERNAL_HOST=""
    )
    out, err = process.communicate(timeout=30)

    assert (process.returncode, out.strip(), err) == (0, "[]", "")


def test_a_database_without_tables_is_reported_without_a_traceback(tmp_path):
    process = manage("site", "list", DATABASE_URL=f"sqlite:///{tmp_path}/new.sqlite3")
    out, err = process.communicate(timeout=30)

    assert (process.returncode, out) == (1, "")
    assert err.startswith("Refused: The database cannot be used")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("address", ["nonsense", "postgresql://user:secret@host:port/database"])
def test_an_invalid_database_url_is_reported_without_its_password(address, tmp_path):
    folder = str(tmp_path)
    process = manage(
        *("site", "list"),
        DJANGO_SETTINGS_MODULE="settings.production",
        DATABASE_URL=address,
        MEDIA_ROOT=folder,
        STATIC_ROOT=folder,
        ADMIN_HOST="admin.test",
        INTERNAL_HOST="internal.test",
        REDIS_URL="redis://127.0.0.1:1/0",
        SECRET_KEY="x" * 50,
    )
    out, err = process.communicate(timeout=30)

    assert (process.returncode, out) == (1, "")
    assert "DATABASE_URL is not the URL of a database" in err
    assert "secret" not in err


def test_manage_py_is_executable():
    assert os.access(Path(django_settings.BASE_DIR) / "manage.py", os.X_OK)
