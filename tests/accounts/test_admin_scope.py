"""No page of the admin shows data of sites on which the user has no role, whatever parameters the user sends."""

import re

import pytest
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sites.models import Site

from accounts.admin.site import site as admin_site
from accounts.models import Membership, Role, User
from blogs import publishing
from blogs.models import Author, Image, MediaFile, Placement, Post, Redirect, Tag
from tenancy import lifecycle
from tests.support.accounts import PASSWORD
from tests.support.admin import errors, send
from tests.support.admin_urls import addresses, lists, model_of, patterns
from tests.support.pictures import picture
from tests.support.recordings import recording

pytestmark = pytest.mark.rollback

# SEARCH is a text of foreign data that an attacker knows and searches for. The same fields also contain SECRET, which
# must appear in no response.
SECRET = "qqsecret"
SEARCH = "zyxmark"
ROWS = {Site, User, Post, Placement, Tag, Author, Image, MediaFile, Redirect}


def plant(site, publish, user):
    """Create one row of each model for `site`, and a log entry for each."""
    name = f"{SEARCH}-{SECRET}" if SECRET in site.domain else "known"
    placement = publish(f"{name} title", on=site, slug=f"{name}-slug", created_by=user, body=f"{name} body")
    tag, author = (
        Tag.objects.create(site=site, slug=f"{name}-tag", name=f"{name} tag"),
        Author(site=site, slug=f"{name}-by", name=f"{name} by"),
    )
    author.save()
    placement.post.tags.add(tag)
    placement.post.authors.add(author)
    image = Image(site=site, file=picture(), title=f"{name} image")
    image.save()
    media_file = MediaFile(site=site, file=recording(), title=f"{name} media file")
    media_file.save()
    redirect = Redirect.objects.create(site=site, old_path=f"/{name}-old/", new_path=f"/{name}-new/")
    files = (image, media_file)
    rows = {type(row): row for row in (site, user, placement.post, placement, tag, author, *files, redirect)}
    for row in rows.values():
        log(user, row, f"Changed {name} history.")
    return rows


def log(user, row, message):
    LogEntry.objects.create(
        user=user,
        content_type=ContentType.objects.get_for_model(row),
        object_id=row.pk,
        object_repr=str(row),
        action_flag=CHANGE,
        change_message=message,
    )


@pytest.fixture
def own(techblog, publish, member):
    return plant(techblog, publish, member("owner", of=techblog))


@pytest.fixture
def foreign(installation, publish):
    site = lifecycle.create(f"{SEARCH}-{SECRET}.test", f"{SEARCH} {SECRET}", by=None)
    user = User.objects.create_user(f"{SEARCH}@{SECRET}.test", PASSWORD, name=f"{SEARCH} {SECRET}")
    Membership.objects.create(user=user, site=site, role=Role.OWNER)
    return plant(site, publish, user)


@pytest.fixture
def entwined(own, foreign):
    """The foreign site also shows a post of the own site, with its own names of the tag and the author.

    The foreign owner has changed the post, its tag and its author.
    """
    there = Placement(post=own[Post], site=foreign[Site], slug=f"{SECRET}-slug-there")
    publishing.place(there, by=None)
    for model in (Tag, Author):
        renamed = model.objects.filter(site=foreign[Site], posts=own[Post]).update(name=f"{SEARCH} {SECRET}")
        assert renamed == 1
    log(foreign[User], own[Post], "Changed something.")
    log(foreign[User], own[Tag], "Changed something.")
    log(foreign[User], own[Author], "Changed something.")
    return there


def secrets(foreign):
    return [SECRET, foreign[Image].name, foreign[MediaFile].name]


def assert_no_secret(response, foreign, address):
    if getattr(response, "streaming", False):
        return
    body = response.content.decode().lower() + str(response.headers).lower()
    for secret in secrets(foreign):
        at = body.find(secret)
        assert at < 0, f"{address} shows foreign data: …{body[max(at - 200, 0) : at + 50]}…"


@pytest.fixture(params=["owner", "editor", "author"])
def insider(request, own, techblog, member):
    """A user with a role on the techblog and none on the other site."""
    if request.param == "owner":
        return own[User]
    return member(request.param, of=techblog)


def test_the_rows_of_this_module_cover_every_model_of_the_admin():
    assert set(admin_site._registry) == ROWS


def test_no_url_of_the_admin_shows_data_of_foreign_sites(insider, own, foreign, entwined, admin_as):
    client = admin_as(insider)
    asked = {address for rows in (own, foreign) for address in addresses(rows)}
    assert len(asked) > 60

    for address in sorted(asked - {"/logout/"}):
        response = client.get(address)
        assert response.status_code < 500
        if not any(foreign[model].name in address for model in (Image, MediaFile)):
            assert_no_secret(response, foreign, address)


def test_a_user_without_a_role_can_open_no_page_of_the_admin(stranger, own, foreign, admin_as, client):
    for browser in (admin_as(stranger), client):
        for rows in (own, foreign):
            for address in addresses(rows):
                if address not in ("/login/", "/logout/", "/jsi18n/"):
                    response = browser.get(address, headers={"host": "admin.localhost"})
                    assert response.status_code == 302, address
                    assert response["Location"].startswith("/login/?next="), address
                    assert "known" not in response.content.decode()


QUERIES = [
    f"q={SEARCH}",
    "_facets=True",
    f"q={SEARCH}&_facets=True&all=",
    "site={site}",
    "site={site}&_facets=True",
    "status=live&_facets=True",
    "state=draft&_facets=True",
    "_popup=1",
    "_to_field=id",
    "o=1.2.3.4",
    "p=2",
]


def test_lists_searches_filters_and_facets_show_no_data_of_foreign_sites(insider, foreign, entwined, admin_as):
    client = admin_as(insider)

    for query in QUERIES:
        for address in lists():
            asked = f"{address}?{query.format(site=foreign[Site].pk)}"
            response = client.get(asked, follow=True)
            assert response.status_code in (200, 400, 403), asked
            assert_no_secret(response, foreign, asked)


def test_filtering_by_a_foreign_site_gives_the_same_response_as_by_a_missing_site(own, foreign, entwined, admin_as):
    client = admin_as(own[User])

    for address in ("/blogs/post/", "/blogs/placement/", "/blogs/image/", "/blogs/redirect/"):
        answers = [client.get(f"{address}?site={site}") for site in (foreign[Site].pk, 987654321)]
        counts = [answer.context_data["cl"].result_count for answer in answers]
        assert counts == [0, 0] or counts[0] == counts[1]


CONDITIONS = [
    "home__domain__startswith=z",
    "placements__site__domain__startswith=z",
    "placements__slug__startswith=q",
    "post__placements__slug__startswith=q",
    "posts__title__startswith=z",
    "authors__user__email__startswith=z",
    "created_by__email__startswith=z",
    "tags__slug=x",
    "site__memberships__user__email__startswith=z",
    "memberships__user__password__startswith=z",
    "home=1",
    "pk=1",
    "title__startswith=k",
]


def test_lookups_that_no_filter_declares_are_refused(own, foreign, entwined, admin_as):
    client = admin_as(own[User])

    for condition in CONDITIONS:
        for address in lists():
            assert client.get(f"{address}?{condition}").status_code in (400, 403), (address, condition)


def test_fetching_a_row_by_another_field_than_the_primary_key_is_refused(own, foreign, admin_as):
    client = admin_as(own[User])

    for field in ("home", "slug", "domain", "email", "uuid", "name", "user", "nothing"):
        for address in lists():
            assert client.get(f"{address}?_to_field={field}&_popup=1").status_code in (400, 403), (address, field)
    assert client.get(f"/blogs/tag/{foreign[Tag].slug}/change/?_to_field=slug").status_code == 400


def autocompletes():
    for model in apps.get_models():
        for field in model._meta.get_fields():
            if getattr(field, "remote_field", None):
                yield f"app_label={model._meta.app_label}&model_name={model._meta.model_name}&field_name={field.name}"


def test_no_autocomplete_of_any_field_offers_a_foreign_row(insider, own, foreign, entwined, admin_as):
    client = admin_as(insider)
    answered = 0

    for query in autocompletes():
        for term in ("", SEARCH, "%00"):
            response = client.get(f"/autocomplete/?{query}&term={term}")
            assert response.status_code == 400 if term == "%00" else response.status_code in (200, 403, 404), query
            answered += response.status_code == 200
            assert_no_secret(response, foreign, query)
    assert answered > 10


def forget(response, number):
    """The content of the response without the requested id and without random tokens."""
    text = re.sub(r'(csrfmiddlewaretoken" value=")[^"]+', r"\1", response.content.decode())
    # Coordinates and the numbers of fields may equal a small id.
    text = re.sub(r"<svg.*?</svg>|typed-\d+", "", text, flags=re.DOTALL)
    # A small id must not match a part of another number, such as the 3 in “403 Forbidden”.
    location, text = (re.sub(rf"\b{number}\b", "N", part) for part in (response.get("Location", ""), text))
    return response.status_code, location, text


def test_ids_of_foreign_rows_get_the_same_response_as_missing_ids(insider, own, foreign, entwined, admin_as):
    client = admin_as(insider)
    never = 987654321
    routes = [(r, p) for r, p in patterns() if "object_id" in r or "<id>" in r or "site_id" in r]
    assert len(routes) > 30

    for route, pattern in routes:
        number = foreign[model_of(pattern) or User].pk
        for method in ("get", "post"):
            answers = []
            for asked in (number, never):
                address = re.sub(r"<(path:object_id|id|int:site_id)>", str(asked), route)
                answer = getattr(client, method)(
                    address, {"post": "yes", "title": "Taken"} if method == "post" else None
                )
                answers.append(forget(answer, asked))
                told = [str(message).replace(str(asked), "N") for message in client.get("/").context["messages"]]
                answers[-1] += (told,)
            assert answers[0] == answers[1], route
            assert answers[0][0] in (302, 301, 403, 404), route


def test_names_of_foreign_images_get_the_same_response_as_missing_names(insider, foreign, admin_as):
    client = admin_as(insider)

    for name in (foreign[Image].name, "0" * 32 + ".png", "..", "x%5c..%5cy.png"):
        assert client.get(f"/blogs/image/file/{name}").status_code == 404


def test_forged_actions_change_no_foreign_row(insider, own, foreign, admin_as):
    client = admin_as(insider)
    before = {model: set(model.objects.values_list("pk", flat=True)) for model in ROWS}
    placement = Placement.objects.get(pk=foreign[Placement].pk)

    for model in ROWS:
        address = f"/{model._meta.app_label}/{model._meta.model_name}/"
        for action in ("delete_selected", "publish_now", "unpublish"):
            for chosen in (foreign[model].pk, "x", "9" * 40, "1 OR 1=1", "\0"):
                data = {"action": action, "_selected_action": chosen, "post": "yes"}
                response = client.post(address, data, follow=True)
                assert response.status_code in (200, 403), (address, chosen)
                assert_no_secret(response, foreign, address)

    assert before == {model: set(model.objects.values_list("pk", flat=True)) for model in ROWS}
    placement.refresh_from_db()
    assert placement.published_at == foreign[Placement].published_at


def test_deleting_all_visible_rows_keeps_foreign_rows(own, foreign, entwined, admin_as):
    client = admin_as(own[User])

    for model in (Placement, Image, Redirect, Tag, Post):
        address = f"/{model._meta.app_label}/{model._meta.model_name}/"
        data = {"action": "delete_selected", "_selected_action": own[model].pk, "select_across": 1}
        assert_no_secret(client.post(address, data), foreign, address)
        client.post(address, data | {"post": "yes"})

    for model in ROWS:
        assert model.objects.filter(pk=foreign[model].pk).exists(), model


def test_the_history_of_a_row_does_not_name_users_of_a_foreign_site(own, foreign, entwined, admin_as):
    client = admin_as(own[User])

    for model in (Post, Tag, Author):
        page = client.get(f"/blogs/{model._meta.model_name}/{own[model].pk}/history/").content.decode()
        assert "another user" in page
        assert "Owner of Techblog" in page
        assert SECRET not in page


def test_the_admin_does_not_serve_djangos_redirect_to_view_on_site(own, foreign, superuser, admin_as):
    number = ContentType.objects.get_for_model(Post).pk

    for user in (own[User], superuser):
        assert admin_as(user).get(f"/r/{number}/{foreign[Post].pk}/").status_code == 404


def test_a_post_with_a_foreign_home_shows_only_its_title(own, foreign, techblog, admin_as):
    """Editors of a site can withdraw a post with a foreign home, but see nothing of it except the title."""
    here = Placement.objects.create(post=foreign[Post], site=techblog, slug="borrowed")
    client = admin_as(own[User])

    page = client.get(f"/blogs/placement/{here.pk}/change/").content.decode()

    assert foreign[Post].title in page
    for secret in (foreign[Site].domain, foreign[Placement].slug, "body", foreign[User].email):
        assert f"{SEARCH}-{SECRET} body" not in page if secret == "body" else secret not in page
    assert client.get(f"/blogs/post/{foreign[Post].pk}/change/").status_code == 302


def test_djangos_own_admins_are_not_registered(superuser, admin_as):
    client = admin_as(superuser)

    for address in ("/auth/group/", "/auth/user/", "/admin/logentry/", "/sessions/session/"):
        assert client.get(address).status_code == 404


def test_a_superuser_can_open_every_page(own, foreign, entwined, superuser, admin_as):
    client = admin_as(superuser)

    for rows in (own, foreign):
        for address in addresses(rows):
            if address not in ("/logout/", "/no/such/page", "/autocomplete/"):
                response = client.get(address, follow=True)
                assert response.status_code == 200 or "logo" in address, address
    for address in lists():
        assert SECRET in client.get(address).content.decode(), address


def test_a_pinned_process_shows_a_superuser_no_data_of_other_sites(
    own, foreign, entwined, techblog, superuser, admin_as, settings
):
    settings.PINNED_SITE_ID = techblog.pk
    client = admin_as(superuser)
    asked = {address for rows in (own, foreign) for address in addresses(rows)} - {"/logout/"}
    searched = {f"{address}?q={SEARCH}&_facets=True" for address in lists()}

    for address in sorted(asked | searched):
        if foreign[Image].name not in address:
            assert_no_secret(client.get(address, follow=True), foreign, address)
    for model in ROWS:
        assert (
            client.get(f"/{model._meta.app_label}/{model._meta.model_name}/{own[model].pk}/change/").status_code == 200
        )


def test_a_role_on_one_site_gives_no_rights_on_another(own, techblog, financeblog, author, publish, admin_as):
    Membership.objects.create(user=author, site=financeblog, role=Role.OWNER)
    theirs = publish("Of finance", on=financeblog)
    client = admin_as(author)

    for model in (Site, Placement, Redirect):
        address = f"/{model._meta.app_label}/{model._meta.model_name}/"
        assert own[model] not in client.get(address).context_data["cl"].queryset
        assert client.get(f"{address}{own[model].pk}/change/").status_code == 302
    assert client.get("/blogs/placement/").context_data["cl"].queryset.get() == theirs
    for model in (Post, Image, Tag, Author):
        address = f"/{model._meta.app_label}/{model._meta.model_name}/{own[model].pk}/change/"
        assert client.get(address).status_code == 200
        assert client.post(address, {"name": "Mine", "title": "Mine"}).status_code == 403
    redirect = {"site": techblog.pk, "old_path": "/a/", "new_path": "/b/"}
    assert "valid choice" in errors(send(client, "/blogs/redirect/add/", **redirect))


def test_the_number_of_queries_of_a_list_does_not_grow_with_its_rows(
    own, techblog, publish, admin_as, django_assert_max_num_queries
):
    client = admin_as(own[User])
    for number in range(12):
        publish(f"Post {number}", on=techblog)

    for address in lists():
        with django_assert_max_num_queries(14):
            client.get(f"{address}")


@pytest.mark.parametrize("typed", ["abc", "9" * 30, "-1", "٣", "1.5"])
def test_a_value_that_is_not_a_primary_key_selects_no_row(typed, own, superuser, admin_as):
    client = admin_as(superuser)
    choosers = {
        "/blogs/post/add/": ["home", "authors", "cover"],
        "/blogs/placement/add/": ["post", "site"],
        "/blogs/image/add/": ["site"],
        "/blogs/author/add/": ["user"],
        "/blogs/redirect/add/": ["site"],
    }

    for address, names in choosers.items():
        for name in names:
            assert client.get(address, {name: typed}).status_code == 200, (address, name)
            assert errors(send(client, address, **{name: typed})), (address, name)
    assert errors(send(client, "/blogs/post/add/", home=own[Site].pk, title="x", **{"placements-0-site": typed}))
    assert client.get("/blogs/placement/add/", {"published_at": typed}).status_code == 200


def test_a_long_search_text_is_truncated(own, techblog, publish, admin_as):
    publish("a" * 200, on=techblog, slug="long")
    client = admin_as(own[User])
    chooser = "/autocomplete/?app_label=blogs&model_name=placement&field_name=post"

    for term in ("a" * 201, "a" * 3000, "a " * 1500):
        assert client.get("/blogs/post/", {"q": term}).context["cl"].result_count, len(term)
        assert client.get(f"{chooser}&term={term}").json()["results"], len(term)
