"""Sites, members and users in the admin: what owners can do, and what only superusers can do."""

from threading import Barrier, Thread

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.sites.models import Site
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from accounts.models import Membership, Role, User
from tenancy.models import Domain, SiteSettings, State
from tests.support.accounts import PASSWORD
from tests.support.admin import errors, fields, saved, send
from tests.support.pictures import picture

pytestmark = pytest.mark.rollback

ADD = "/sites/site/add/"
NEW = {"name": "Cookblog", "domain": "Cookblog.test."}


def change(site):
    return f"/sites/site/{site.pk}/change/"


def member_row(email, role=Role.AUTHOR):
    return "memberships", {"email": email, "role": int(role)}


def domain_row(name):
    return "domains", {"name": name}


@pytest.mark.django_db(transaction=True)
def test_a_superuser_who_creates_a_site_is_redirected_to_its_settings(superuser, stranger, admin_as, visit):
    client = admin_as(superuser)
    settings = {"settings-0-tagline": "Soup", "settings-0-theme": "broadsheet", "settings-0-accent": "#AA0000"}

    response = send(client, ADD, **NEW)
    assert saved(response), errors(response)
    site = Site.objects.get()
    assert response["Location"] == change(site)
    response = send(client, change(site), member_row(stranger.email, Role.OWNER), **settings)

    assert saved(response), errors(response)
    site.refresh_from_db()
    assert (site.domain, site.settings.tagline, site.settings.accent) == ("cookblog.test", "Soup", "#aa0000")
    assert list(site.domains.values_list("name", "primary")) == [("cookblog.test", True)]
    assert list(site.memberships.values_list("user", "role")) == [(stranger.pk, Role.OWNER)]
    assert visit("cookblog.test").status_code == 200


def test_a_failure_while_a_site_is_created_leaves_neither_site_nor_domain(superuser, admin_as, monkeypatch):
    def fail(self, *args, **kwargs):
        raise ValidationError("No settings today.")

    with monkeypatch.context() as patch:
        patch.setattr(SiteSettings, "full_clean", fail)
        send(admin_as(superuser), ADD, **NEW)
    assert not Site.objects.exists()
    assert not Domain.objects.exists()

    assert saved(send(admin_as(superuser), ADD, **NEW))
    assert SiteSettings.objects.get().site == Domain.objects.get().site == Site.objects.get()


def test_save_and_add_another_redirects_to_an_empty_add_form(superuser, admin_as):
    response = send(admin_as(superuser), ADD, **NEW, _addanother="1")

    assert (response.status_code, response["Location"]) == (302, ADD)


@pytest.mark.django_db(transaction=True)
def test_editing_the_name_of_a_further_domain_replaces_the_domain(techblog, superuser, admin_as, visit):
    client = admin_as(superuser)
    send(client, change(techblog), domain_row("www.techblog.test"))

    assert saved(send(client, change(techblog), **{"domains-0-name": "blog.techblog.test"}))

    assert visit("blog.techblog.test").status_code == 308
    assert visit("www.techblog.test").status_code == 404


REFUSED = [
    ("TECHBLOG.test.", "techblog.test is taken"),
    ("admin.localhost", "the installation itself uses it"),
    ("127.0.0.1", "IP address"),
    ("*.test", "wildcard"),
    ("https://x.test", "a scheme"),
    ("x.test:80", "a port"),
    ("a`b.test", "a label is"),
    ("", "required"),
]


def test_an_unusable_domain_is_refused_with_the_reason(techblog, financeblog, superuser, admin_as):
    client = admin_as(superuser)

    for domain, reason in REFUSED:
        assert reason in errors(send(client, ADD, name="Other", domain=domain)), domain
        assert reason in errors(send(client, change(financeblog), domain=domain)), domain
        if domain:
            assert reason in errors(send(client, change(financeblog), domain_row(domain))), domain
    assert set(Domain.objects.values_list("name", flat=True)) == {"techblog.test", "financeblog.test"}


@pytest.mark.django_db(transaction=True)
def test_a_renamed_site_keeps_its_old_domain_as_a_redirect(techblog, superuser, admin_as, visit):
    assert saved(send(admin_as(superuser), change(techblog), domain="renamed.test", name="Renamed"))

    assert visit("renamed.test").status_code == 200
    assert visit("techblog.test", "/x/?y=1")["Location"].endswith("renamed.test/x/?y=1")
    assert Site.objects.get().name == "Renamed"


@pytest.mark.django_db(transaction=True)
def test_further_domains_can_be_added_and_removed(techblog, financeblog, superuser, admin_as, visit):
    client = admin_as(superuser)
    assert saved(send(client, change(techblog), domain_row("www.techblog.test")))
    assert visit("www.techblog.test").status_code == 308

    assert "is taken" in errors(send(client, change(financeblog), domain_row("www.techblog.test")))
    assert saved(send(client, change(techblog), **{"domains-0-DELETE": "on"}))
    assert visit("www.techblog.test").status_code == 404


def test_one_form_cannot_both_make_a_domain_primary_and_remove_it(techblog, superuser, admin_as):
    client = admin_as(superuser)
    send(client, change(techblog), domain_row("www.techblog.test"))

    response = send(client, change(techblog), domain="www.techblog.test", **{"domains-0-DELETE": "on"})

    assert "is the primary domain" in errors(response)
    assert saved(send(client, change(techblog), domain="www.techblog.test"))
    assert Domain.objects.get(primary=True).name == Site.objects.get().domain == "www.techblog.test"


@pytest.mark.django_db(transaction=True)
def test_an_owner_can_change_name_and_settings_of_their_site(techblog, owner, admin_as, visit):
    client = admin_as(owner)
    data = {"name": "Techblog II", "settings-0-tagline": "Anew", "settings-0-logo": picture(4, 3)}

    assert saved(send(client, change(techblog), **data))

    settings = SiteSettings.objects.get()
    assert (settings.tagline, settings.logo_width) == ("Anew", 4)
    assert client.get(f"/sites/site/{techblog.pk}/logo/")["Content-Type"] == "image/png"
    assert "Techblog II" in client.get(change(techblog)).content.decode()


def test_an_owner_can_change_neither_domain_nor_state(techblog, owner, admin_as):
    client = admin_as(owner)
    forged = {"domain": "mine.test", "settings-0-state": State.SUSPENDED, "domains-TOTAL_FORMS": 1}
    forged |= {"domains-INITIAL_FORMS": 0, "domains-0-name": "mine.test"}

    data = fields(client, change(techblog))
    client.post(change(techblog), data | forged)

    assert list(Domain.objects.values_list("name", flat=True)) == ["techblog.test"]
    assert Site.objects.get().domain == "techblog.test"
    assert SiteSettings.objects.get().state == State.LIVE
    assert client.get(ADD).status_code == 403
    assert client.post(ADD, {**NEW}).status_code == 403
    assert client.post(f"/sites/site/{techblog.pk}/delete/", {"post": "yes"}).status_code == 403
    client.post("/sites/site/", {"action": "delete_selected", "_selected_action": techblog.pk, "post": "yes"})
    assert Site.objects.get() == techblog


def test_editors_and_authors_cannot_open_settings_and_members(techblog, editor, author, owner, admin_as):
    for user in (editor, author):
        client = admin_as(user)
        assert client.get("/sites/site/").status_code == 403
        assert client.post(change(techblog), {"name": "Mine"}).status_code == 403
        assert client.get(f"/sites/site/{techblog.pk}/logo/").status_code == 404
    assert admin_as(owner).get("/sites/site/").status_code == 200


def test_an_owner_can_add_change_and_remove_members_by_exact_e_mail(techblog, owner, stranger, admin_as):
    client = admin_as(owner)
    role = techblog.memberships

    assert saved(send(client, change(techblog), member_row("  Stranger@ELSEWHERE.test")))
    assert role.get(user=stranger).role == Role.AUTHOR
    assert saved(send(client, change(techblog), **{"memberships-1-role": Role.EDITOR}))
    assert role.get(user=stranger).role == Role.EDITOR
    assert "is already a member" in errors(send(client, change(techblog), member_row(stranger.email)))
    assert "no account" in errors(send(client, change(techblog), member_row("elsewhere@elsewhere.test")))
    assert saved(send(client, change(techblog), **{"memberships-1-DELETE": "on"}))
    assert not role.filter(user=stranger).exists()


def test_a_form_with_the_same_e_mail_address_twice_is_refused(techblog, owner, stranger, admin_as):
    client = admin_as(owner)
    rows = {"memberships-TOTAL_FORMS": 3}
    for number in (1, 2):
        rows |= {f"memberships-{number}-email": stranger.email, f"memberships-{number}-role": 1}

    assert "is already a member" in errors(send(client, change(techblog), **rows))


def test_only_a_superuser_can_remove_the_last_owner(techblog, owner, superuser, admin_as):
    for leaving in ({"memberships-0-DELETE": "on"}, {"memberships-0-role": Role.EDITOR}):
        assert "without an owner" in errors(send(admin_as(owner), change(techblog), **leaving))
    assert saved(send(admin_as(superuser), change(techblog), **{"memberships-0-DELETE": "on"}))


def test_inline_rows_with_ids_of_rows_of_another_site_are_refused(techblog, financeblog, owner, member, admin_as):
    victim = member("owner", of=financeblog).memberships.get()
    further = Domain.objects.create(site=financeblog, name="www.financeblog.test")
    client = admin_as(owner)

    forged = {"memberships-0-id": victim.pk, "memberships-0-role": Role.AUTHOR}
    assert errors(send(client, change(techblog), **forged))
    send(client, change(techblog), **forged, **{"memberships-0-DELETE": "on"})
    assert errors(
        send(client, change(techblog), **{"settings-0-id": financeblog.settings.pk, "settings-0-tagline": "x"})
    )
    send(client, change(techblog), **{"domains-0-id": further.pk, "domains-0-DELETE": "on"})
    send(client, change(techblog), **{"memberships-0-site": financeblog.pk, "settings-0-site": financeblog.pk})

    victim.refresh_from_db()
    assert (victim.role, victim.site, financeblog.memberships.count()) == (Role.OWNER, financeblog, 1)
    assert Domain.objects.filter(pk=further.pk).exists()
    assert SiteSettings.objects.get(site=financeblog).tagline == ""


def test_members_cannot_raise_their_own_role(techblog, financeblog, owner, editor, admin_as):
    for user in (owner, editor):
        client = admin_as(user)
        client.post(change(financeblog), {"memberships-TOTAL_FORMS": 1, "memberships-0-email": user.email})
        client.post("/accounts/user/add/", {"email": "new@x.test"})
        for address in (f"/accounts/user/{user.pk}/change/", f"/accounts/user/{user.pk}/password/"):
            assert client.post(address, {"email": user.email, "is_superuser": "on"}).status_code == 403
        user.refresh_from_db()
        assert not user.is_superuser
    assert not Membership.objects.filter(site=financeblog).exists()


@pytest.mark.django_db(transaction=True)
def test_deleting_a_site_deletes_its_files(techblog, financeblog, publish, superuser, admin_as, visit, settings):
    publish("Hello", on=techblog)
    client = admin_as(superuser)
    send(client, "/blogs/image/add/", site=techblog.pk, file=picture())
    assert (settings.MEDIA_ROOT / str(techblog.pk)).exists()

    assert "files" in client.get(f"/sites/site/{techblog.pk}/delete/").content.decode()
    assert client.post(f"/sites/site/{techblog.pk}/delete/", {"post": "yes"}).status_code == 302
    client.post("/sites/site/", {"action": "delete_selected", "_selected_action": financeblog.pk, "post": "yes"})

    assert not Site.objects.exists()
    assert not (settings.MEDIA_ROOT / str(techblog.pk)).exists()
    assert visit("techblog.test").status_code == visit("financeblog.test").status_code == 404


def test_a_site_that_is_the_home_of_shared_posts_is_not_deleted(shared, techblog, superuser, admin_as):
    client = admin_as(superuser)
    one = f"/sites/site/{techblog.pk}/delete/"
    many = {"action": "delete_selected", "_selected_action": techblog.pk, "post": "yes"}

    for response in (client.get(one), client.post(one, {"post": "yes"}), client.post("/sites/site/", many)):
        assert (
            "“Ledgers in Python” has this site as its home and is also published on other sites"
            in response.content.decode()
        )
    assert Site.objects.filter(pk=techblog.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_only_one_of_two_concurrent_add_forms_with_the_same_domain_succeeds(superuser, admin_as):
    barrier, answers = Barrier(2), []
    data = fields(admin_as(superuser), ADD) | {"domain": "wanted.test", "name": "Wanted"}

    def claim(client):
        barrier.wait()
        answers.append(client.post(ADD, data))
        connection.close()

    clients = [admin_as(superuser), admin_as(superuser)]
    threads = [Thread(target=claim, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answer.status_code for answer in answers) == [200, 302]
    assert "is taken" in errors(next(answer for answer in answers if answer.status_code == 200))
    assert Site.objects.count() == 1


def test_a_form_whose_domain_is_taken_after_validation_is_validated_again(techblog, superuser, admin_as, monkeypatch):
    """The patched function simulates another transaction that claims the domain between validation and save."""
    from tenancy import lifecycle

    create = lifecycle.create

    def faster(domain, name, *, by, **settings):
        monkeypatch.setattr(lifecycle, "create", create)
        raise lifecycle.DomainTaken(domain)

    monkeypatch.setattr(lifecycle, "create", faster)

    assert saved(send(admin_as(superuser), ADD, **NEW))
    assert Site.objects.filter(domain="cookblog.test").count() == 1


def test_the_admin_of_a_pinned_process_lists_only_its_site(
    techblog, financeblog, superuser, member, admin_as, settings
):
    of_other = admin_as(member("owner", of=financeblog))
    settings.PINNED_SITE_ID = techblog.pk
    client = admin_as(superuser)

    page = client.get("/sites/site/").content.decode()
    assert "techblog.test" in page
    assert "financeblog" not in page
    assert client.get(change(financeblog)).status_code == 302
    assert client.get(ADD).status_code == 403
    assert "financeblog" not in client.get("/accounts/user/").content.decode()
    assert "valid choice" in errors(send(client, "/blogs/post/add/", title="X", home=financeblog.pk))
    assert of_other.get("/").status_code == 302


def test_superusers_manage_accounts(superuser, stranger, admin_as, client):
    admin = admin_as(superuser)
    password = {"password1": "quite another horse", "password2": "quite another horse", "usable_password": "true"}

    assert saved(send(admin, "/accounts/user/add/", email="New@Person.test", name="New", **password))
    new = User.objects.get(email="new@person.test")
    assert new.check_password("quite another horse")
    assert saved(send(admin, f"/accounts/user/{stranger.pk}/password/", **password))
    assert User.objects.get(pk=stranger.pk).check_password("quite another horse")
    assert "already exists" in errors(send(admin, "/accounts/user/add/", email="NEW@person.test", **password))
    assert saved(send(admin, f"/accounts/user/{new.pk}/change/", is_active=""))
    assert LogEntry.objects.filter(object_id=str(new.pk)).exists()


def test_superusers_cannot_remove_their_own_rights(superuser, admin_as):
    client = admin_as(superuser)
    mine = f"/accounts/user/{superuser.pk}"
    data = fields(client, f"{mine}/change/")

    for right in ("is_superuser", "is_active"):
        without = {name: value for name, value in data.items() if name != right}
        assert "cannot remove these rights from your own account" in errors(client.post(f"{mine}/change/", without))
    assert client.post(f"{mine}/delete/", {"post": "yes"}).status_code == 403
    assert User.objects.get().check_password(PASSWORD)


def test_an_svg_logo_is_refused(techblog, owner, admin_as):
    svg = SimpleUploadedFile("logo.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>")

    assert "An SVG image can contain scripts" in errors(
        send(admin_as(owner), change(techblog), **{"settings-0-logo": svg})
    )
