"""Sites are created, renamed, suspended and deleted by tenancy.lifecycle, with all their consequences."""

import threading

import pytest
from django.contrib.sites.models import Site
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import IntegrityError, connection, connections, transaction
from django.db.models import ProtectedError

from accounts.models import Membership, User
from blogs import publishing
from blogs.models import Author, Image, Post, Redirect, Tag
from lib.hostnames import InvalidDomain
from tenancy import lifecycle
from tenancy.lifecycle import DomainTaken, NotAFurtherDomain
from tenancy.models import Domain, Generation, SiteSettings, State
from tests.support.pictures import picture
from tests.support.sites import domains_of, references_to

pytestmark = [pytest.mark.sqlite, pytest.mark.rollback]

# For tests that request pages (the registry reads only committed rows), that use other threads, or that need effects of
# a commit, such as new generations and deleted files.
commits = pytest.mark.django_db(transaction=True)
often = pytest.mark.parametrize("turn", range(3))


# -- create ----------------------------------------------------------------------------------------


def test_a_new_installation_has_no_site(installation):
    call_command("migrate", verbosity=0)

    assert not Site.objects.exists()


@commits
def test_a_new_site_is_live_at_the_canonical_spelling_of_its_domain(installation, publish, visit):
    site = lifecycle.create("Blog.Example.COM.", "A blog", tagline="Of something", language="de", by=None)

    assert domains_of(site) == ["blog.example.com"]
    assert site.settings.state == State.LIVE
    assert (site.settings.tagline, site.settings.language) == ("Of something", "de")
    publish("Hello", on=site)
    assert visit("blog.example.com", "/hello/").status_code == 200


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 51),
        ("tagline", "x" * 201),
        ("language", "xx"),
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "Europe"),
        ("theme", "none"),
        ("accent", "red"),
        ("accent", "#0b6e4f\n"),
        ("robots", "maybe"),
        ("posts_per_page", 0),
    ],
)
def test_an_invalid_value_creates_no_site(installation, field, value):
    with pytest.raises(ValidationError) as refusal:
        lifecycle.create("blog.test", **{"name": "A blog", field: value}, by=None)

    assert field in refusal.value.message_dict
    assert not Site.objects.exists()
    assert not Domain.objects.exists()


@pytest.mark.parametrize(
    "text", ["*", "127.0.0.1", "blog.test:80", "http://blog.test", "blog.test/x", "b`.test", "b .test"]
)
def test_an_invalid_domain_is_refused(techblog, text):
    for claim in (
        lambda: lifecycle.create(text, "A blog", by=None),
        lambda: lifecycle.rename(techblog, text, by=None),
        lambda: lifecycle.add_domain(techblog, text, by=None),
        lambda: Domain.objects.create(site=techblog, name=text),
        lambda: Domain(site=techblog, name=text).full_clean(),
    ):
        with pytest.raises(ValidationError, match="is not a domain"):
            claim()

    assert domains_of(techblog) == ["techblog.test"]
    assert Site.objects.count() == 1


@pytest.mark.parametrize("text", ["admin.localhost", "ADMIN.localhost.", "internal.localhost"])
def test_the_hosts_of_surfaces_cannot_be_claimed(techblog, text):
    for claim in (
        lambda: lifecycle.create(text, "A blog", by=None),
        lambda: lifecycle.rename(techblog, text, by=None),
        lambda: lifecycle.add_domain(techblog, text, by=None),
        lambda: Domain.objects.create(site=techblog, name=text),
    ):
        with pytest.raises(InvalidDomain, match="_HOST"):
            claim()

    assert domains_of(techblog) == ["techblog.test"]


@pytest.mark.parametrize(
    ("taken", "text"),
    [
        ("blog.test", "blog.test"),
        ("blog.test", "Blog.TEST"),
        ("blog.test", "blog.test."),
        ("münchen.test", "xn--mnchen-3ya.test"),
        ("xn--mnchen-3ya.test", "MÜNCHEN.test"),
        ("blog.test", "blog。test"),
    ],
)
def test_a_taken_domain_is_refused_in_any_spelling(techblog, financeblog, taken, text):
    lifecycle.add_domain(techblog, taken, by=None)

    for claim in (
        lambda: lifecycle.create(text, "Another", by=None),
        lambda: lifecycle.rename(financeblog, text, by=None),
        lambda: lifecycle.add_domain(financeblog, text, by=None),
        lambda: lifecycle.add_domain(techblog, text, by=None),
    ):
        with pytest.raises(DomainTaken, match="is taken"):
            claim()

    assert domains_of(financeblog) == ["financeblog.test"]
    assert Site.objects.count() == 2


def test_a_domain_that_is_only_in_djangos_site_table_is_taken(techblog):
    Site.objects.create(domain="raw.test", name="Made without us")

    with pytest.raises(DomainTaken):
        lifecycle.create("raw.test", "Another", by=None)
    with pytest.raises(DomainTaken):
        lifecycle.rename(techblog, "raw.test", by=None)
    assert domains_of(techblog) == ["techblog.test"]


def test_the_database_refuses_a_domain_in_upper_case(techblog):
    with connection.cursor() as cursor, pytest.raises(IntegrityError), transaction.atomic():
        cursor.execute(
            'INSERT INTO tenancy_domain (site_id, name, "primary") VALUES (%s, %s, %s)',
            [techblog.pk, "WWW.test", False],
        )


def test_the_database_refuses_a_second_primary_domain(techblog):
    with pytest.raises(IntegrityError), transaction.atomic():
        Domain.objects.create(site=techblog, name="second.test", primary=True)


# -- permissions -----------------------------------------------------------------------------------

FOR_SUPERUSERS = {
    "create": lambda site, by: lifecycle.create("new.test", "New", by=by),
    "rename": lambda site, by: lifecycle.rename(site, "new.test", by=by),
    "add a domain": lambda site, by: lifecycle.add_domain(site, "new.test", by=by),
    "remove a domain": lambda site, by: lifecycle.remove_domain(site, "www.techblog.test", by=by),
    "suspend": lambda site, by: lifecycle.suspend(site, by=by),
    "resume": lambda site, by: lifecycle.resume(site, by=by),
    "move": lambda site, by: lifecycle.move(site, "", by=by),
    "delete": lambda site, by: lifecycle.delete(site, by=by),
}


@pytest.mark.parametrize("action", FOR_SUPERUSERS)
def test_only_superusers_may_do_what_concerns_the_whole_installation(techblog, owner, superuser, action):
    lifecycle.add_domain(techblog, "www.techblog.test", by=None)
    before = [SiteSettings.objects.get().state, domains_of(techblog)]

    with pytest.raises(PermissionDenied, match="is not a superuser"):
        FOR_SUPERUSERS[action](techblog, owner)

    assert [SiteSettings.objects.get().state, domains_of(techblog)] == before
    FOR_SUPERUSERS[action](techblog, superuser)


def test_owners_change_the_name_and_settings_of_their_site_but_editors_do_not(techblog, owner, editor):
    with pytest.raises(PermissionDenied, match="is not owner"):
        lifecycle.change_name(techblog, "Mine", by=editor)
    with pytest.raises(PermissionDenied, match="is not owner"):
        lifecycle.change_settings(techblog, {"tagline": "Mine"}, by=editor)

    lifecycle.change_name(techblog, "Ours", by=owner)
    lifecycle.change_settings(techblog, {"tagline": "Ours"}, by=owner)

    assert (Site.objects.get().name, SiteSettings.objects.get().tagline) == ("Ours", "Ours")


def test_owners_of_another_site_change_nothing(techblog, financeblog, owner):
    with pytest.raises(PermissionDenied):
        lifecycle.change_settings(financeblog, {"tagline": "Mine"}, by=owner)


@pytest.mark.parametrize("setting", sorted(lifecycle.SUPERUSER_SETTINGS))
def test_an_owner_cannot_change_a_setting_of_superusers_together_with_another_setting(techblog, owner, setting):
    with pytest.raises(PermissionDenied, match="is not a superuser"):
        lifecycle.change_settings(techblog, {"tagline": "Mine", setting: "suspended"}, by=owner)

    assert SiteSettings.objects.get().tagline == "Notes from the machine room"


def test_an_invalid_setting_is_refused_and_an_invalid_setting_of_earlier_does_not_block_others(techblog, owner):
    SiteSettings.objects.update(theme="no-longer-installed")

    with pytest.raises(ValidationError) as refusal:
        lifecycle.change_settings(techblog, {"tagline": "Ours", "accent": "red"}, by=owner)
    assert list(refusal.value.message_dict) == ["accent"]
    lifecycle.change_settings(techblog, {"tagline": "Ours"}, by=owner)

    assert SiteSettings.objects.get().tagline == "Ours"


@commits
def test_the_file_of_a_replaced_or_removed_logo_is_deleted(techblog, owner, settings):
    folder = settings.MEDIA_ROOT / str(techblog.pk)
    for logo, files in ((picture(), 1), (picture(), 1), ("", 0)):
        lifecycle.change_settings(techblog, {"logo": logo}, by=owner)
        assert len(list(folder.iterdir())) == files


# -- concurrent claims of one domain --------------------------------------------------------------


def race(*claims):
    """Start all claims at the same moment, each on its own connection, and return the result or exception of each."""
    start = threading.Barrier(len(claims))
    results = [None] * len(claims)

    def run(number, claim):
        try:
            start.wait(5)
            results[number] = claim() or "won"
        except Exception as error:  # noqa: BLE001  # the test judges it
            results[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=item) for item in enumerate(claims)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


def exactly_one_won(results):
    lost = [result for result in results if isinstance(result, Exception)]
    return len(lost) == len(results) - 1 and all(isinstance(error, DomainTaken) for error in lost)


@commits
@often
def test_only_one_of_several_concurrent_creations_with_the_same_domain_succeeds(installation, turn):
    results = race(
        lambda: lifecycle.create("contested.test", "One", by=None),
        lambda: lifecycle.create("Contested.test", "Two", by=None),
        lambda: lifecycle.create("contested.test.", "Three", by=None),
    )

    assert exactly_one_won(results), results
    assert Site.objects.count() == Domain.objects.count() == SiteSettings.objects.count() == 1


@commits
@often
def test_only_one_of_a_concurrent_creation_renaming_and_addition_of_the_same_domain_succeeds(
    techblog, financeblog, turn
):
    results = race(
        lambda: lifecycle.create("contested.test", "A new one", by=None),
        lambda: lifecycle.rename(financeblog, "contested.test", by=None),
        lambda: lifecycle.add_domain(techblog, "contested.test", by=None),
    )

    assert exactly_one_won(results), results
    assert Domain.objects.filter(name="contested.test").count() == 1
    for site in Site.objects.all():
        domains_of(site)  # domains_of asserts that Site.domain equals the primary domain


@commits
@often
def test_a_site_that_is_renamed_twice_concurrently_has_one_primary_domain_and_redirects_from_the_others(techblog, turn):
    results = race(
        lambda: lifecycle.rename(Site.objects.get(pk=techblog.pk), "one.test", by=None),
        lambda: lifecycle.rename(Site.objects.get(pk=techblog.pk), "two.test", by=None),
    )

    assert results == ["won", "won"]
    assert sorted(domains_of(techblog)) == ["one.test", "techblog.test", "two.test"]


# -- rename, further domains -----------------------------------------------------------------------


@commits
def test_the_old_domain_of_a_renamed_site_redirects(techblog, publish, visit):
    publish("Hello", on=techblog)
    lifecycle.rename(techblog, "New.test", by=None)

    assert domains_of(techblog) == ["new.test", "techblog.test"]
    assert visit("new.test", "/hello/").status_code == 200
    answer = visit("techblog.test", "/hello/?x=1&y=%2F")
    assert answer.status_code == 308
    assert answer["Location"] == "http://new.test/hello/?x=1&y=%2F"


def test_a_site_can_take_its_old_domain_back(techblog):
    lifecycle.rename(techblog, "new.test", by=None)
    lifecycle.rename(techblog, "techblog.test", by=None)

    assert domains_of(techblog) == ["techblog.test", "new.test"]


@commits
def test_a_released_domain_gets_404_until_another_site_claims_it(techblog, financeblog, publish, visit):
    publish("Hello", on=techblog)
    lifecycle.rename(techblog, "new.test", keep_old=False, by=None)

    assert domains_of(techblog) == ["new.test"]
    assert visit("techblog.test", "/hello/").status_code == 404
    lifecycle.add_domain(financeblog, "techblog.test", by=None)
    answer = visit("techblog.test", "/hello/")
    assert (answer.status_code, answer["Location"]) == (308, "http://financeblog.test/hello/")


def test_renaming_to_the_same_name_changes_nothing(techblog):
    lifecycle.rename(techblog, "TECHBLOG.test", keep_old=False, by=None)

    assert domains_of(techblog) == ["techblog.test"]


def test_a_site_whose_domain_became_the_host_of_a_surface_can_be_renamed(techblog, settings):
    settings.ADMIN_HOST = "techblog.test"
    lifecycle.rename(techblog, "new.test", by=None)

    assert domains_of(techblog) == ["new.test", "techblog.test"]


def test_a_site_created_without_lifecycle_gets_a_domain_row_when_it_is_renamed(installation):
    site = Site.objects.create(domain="raw.test", name="Made without us")
    lifecycle.rename(site, "blog.test", by=None)
    lifecycle.resume(site, by=None)

    assert domains_of(site) == ["blog.test"]
    assert site.settings.state == State.LIVE


@commits
def test_a_further_domain_redirects_until_it_is_removed(techblog, visit):
    lifecycle.add_domain(techblog, "WWW.techblog.test", by=None)
    assert domains_of(techblog) == ["techblog.test", "www.techblog.test"]
    assert visit("www.techblog.test", "/any/path?x=1")["Location"] == "http://techblog.test/any/path?x=1"

    lifecycle.remove_domain(techblog, "www.Techblog.test", by=None)
    assert domains_of(techblog) == ["techblog.test"]
    assert visit("www.techblog.test", "/any/path?x=1").status_code == 404


def test_the_primary_domain_and_domains_of_other_sites_cannot_be_removed(techblog, financeblog):
    lifecycle.add_domain(financeblog, "www.financeblog.test", by=None)

    with pytest.raises(NotAFurtherDomain, match="Rename"):
        lifecycle.remove_domain(techblog, "techblog.test", by=None)
    for foreign in ("financeblog.test", "www.financeblog.test", "nobodys.test"):
        with pytest.raises(NotAFurtherDomain, match="no further domain"):
            lifecycle.remove_domain(techblog, foreign, by=None)
    assert Domain.objects.count() == 3


# -- suspend ---------------------------------------------------------------------------------------


@commits
def test_a_suspended_site_is_served_on_none_of_its_domains_and_a_resumed_site_is_complete(
    techblog, financeblog, publish, visit
):
    lifecycle.add_domain(techblog, "www.techblog.test", by=None)
    publish("Hello", on=techblog)
    publish("Hello", on=financeblog)
    assert visit("techblog.test", "/hello/").status_code == 200

    lifecycle.suspend(techblog, by=None)
    assert visit("techblog.test", "/hello/").status_code == 503
    assert visit("www.techblog.test", "/hello/").status_code == 503
    assert visit("techblog.test", "/feed/").status_code == 503
    assert visit("financeblog.test", "/hello/").status_code == 200

    lifecycle.resume(techblog, by=None)
    assert visit("techblog.test", "/hello/").status_code == 200


def test_suspending_a_site_keeps_its_settings(techblog):
    lifecycle.suspend(techblog, by=None)
    lifecycle.suspend(techblog, by=None)

    assert SiteSettings.objects.get(site=techblog).tagline == "Notes from the machine room"
    assert SiteSettings.objects.count() == 1


# -- delete -----------------------------------------------------------------------------------------


@pytest.fixture
def full(techblog, member, publish):
    """The techblog with a row in every table that refers to sites."""
    lifecycle.add_domain(techblog, "www.techblog.test", by=None)
    member("owner", of=techblog)
    image = Image.objects.create(site=techblog, file=picture())
    placement = publish("Hello", on=techblog, body=f"![x]({image.get_absolute_url()})", cover=image)
    placement.post.tags.add(Tag.objects.create(site=techblog, slug="python", name="Python"))
    placement.post.authors.add(Author.objects.create(site=techblog, slug="ada", name="Ada"))
    publishing.change_placement(placement, {"slug": "hello-again"}, by=None)  # this adds a redirect
    return techblog


EVERYWHERE = [
    "accounts_membership.site_id",
    "blogs_author.site_id",
    "blogs_authorlisting.site_id",
    "blogs_image.site_id",
    "blogs_placement.site_id",
    "blogs_post.home_id",
    "blogs_redirect.site_id",
    "blogs_tag.site_id",
    "blogs_taglisting.site_id",
    "tenancy_domain.site_id",
    "tenancy_generation.site_id",
    "tenancy_sitesettings.site_id",
]


@commits
def test_the_full_site_has_rows_in_every_table_that_refers_to_sites(full):
    assert references_to(full.pk) == EVERYWHERE


@commits
def test_only_the_generation_of_a_deleted_site_remains(full, financeblog, publish, visit, settings):
    publish("Hello", on=financeblog)
    site_id, folder = full.pk, settings.MEDIA_ROOT / str(full.pk)
    before = Generation.objects.get(pk=site_id).value
    assert list(folder.iterdir())

    lifecycle.delete(full, by=None)

    assert references_to(site_id) == ["tenancy_generation.site_id"]
    assert Generation.objects.get(pk=site_id).value != before
    assert not folder.exists()
    assert not Redirect.objects.exists()
    assert Post.objects.count() == 1
    assert not Tag.objects.exists()
    assert not Author.objects.exists()
    assert User.objects.count() == 1  # the account of the owner is kept
    for host in ("techblog.test", "www.techblog.test"):
        for path in ("/", "/hello/", "/hello-again/", "/feed/"):
            assert visit(host, path).status_code == 404
    assert visit(financeblog, "/hello/").status_code == 200


@commits
def test_another_site_can_claim_the_domains_of_a_deleted_site_and_shows_no_old_page(full, visit):
    lifecycle.delete(full, by=None)
    lifecycle.create("techblog.test", "Another", by=None)

    assert visit("techblog.test", "/hello/").status_code == 404
    assert visit("techblog.test", "/hello-again/").status_code == 404
    assert visit("www.techblog.test").status_code == 404


@commits
def test_a_site_that_is_the_home_of_shared_posts_is_not_deleted(full, shared, financeblog):
    with pytest.raises(ProtectedError) as refusal:
        lifecycle.delete(full, by=None)

    assert refusal.value.protected_objects == {shared}
    assert references_to(full.pk) == EVERYWHERE
    assert default_storage.exists(str(full.pk))


@commits
def test_a_site_that_shows_posts_of_other_homes_can_be_deleted(shared, techblog, financeblog, visit):
    lifecycle.delete(financeblog, by=None)

    assert visit(techblog, "/ledgers/").status_code == 200
    assert list(shared.sites.all()) == [techblog]


@commits
@pytest.mark.parametrize("shown", ["as cover", "in the text"])
def test_shared_posts_move_to_another_home_with_their_images(full, financeblog, publish, visit, settings, shown):
    image = Image.objects.create(site=full, file=picture())
    fields = {"cover": image} if shown == "as cover" else {"body": f"![x]({image.get_absolute_url()})"}
    placement = publish("Shared", on=full, **fields)
    publish("", on=financeblog, post=placement.post, slug="shared")
    assert visit(financeblog, image.get_absolute_url()).status_code == 200
    site_id = full.pk

    lifecycle.delete(full, move_home_to=financeblog, by=None)

    post = Post.objects.get()
    assert (post.title, post.home, list(post.sites.all())) == ("Shared", financeblog, [financeblog])
    assert list(post.images.all()) == [Image.objects.get(site=financeblog)]
    assert references_to(site_id) == ["tenancy_generation.site_id"]
    assert not (settings.MEDIA_ROOT / str(site_id)).exists()
    answer = visit(financeblog, image.get_absolute_url())
    assert answer.status_code == 200
    assert b"".join(answer.streaming_content).startswith(b"\x89PNG")
    assert visit(financeblog, "/shared/").status_code == 200


def test_a_site_cannot_be_the_new_home_of_its_own_posts(shared, techblog):
    with pytest.raises(ValidationError, match="cannot become the new home"):
        lifecycle.delete(techblog, move_home_to=Site.objects.get(pk=techblog.pk), by=None)

    assert Site.objects.count() == 2


@commits
def test_the_files_of_a_site_are_kept_when_its_deletion_is_rolled_back(full, settings):
    with pytest.raises(RuntimeError), transaction.atomic():
        lifecycle.delete(full, by=None)
        raise RuntimeError

    assert list((settings.MEDIA_ROOT / str(Site.objects.get().pk)).iterdir())


def test_memberships_of_a_deleted_site_give_access_to_no_other_site(techblog, financeblog, owner):
    lifecycle.delete(techblog, by=None)

    assert not Membership.objects.exists()
    assert not User.objects.get(pk=owner.pk).is_staff
