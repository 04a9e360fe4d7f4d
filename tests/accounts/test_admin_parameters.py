"""No value of a parameter, cookie or form field makes a page of the admin fail with a 500."""

from urllib.parse import quote

import pytest

from accounts.admin.site import site as admin_site
from accounts.models import User
from blogs.models import Author, Image, MediaFile, Redirect, Tag
from tests.support.admin import fields
from tests.support.admin_urls import lists, model_of, patterns, with_key
from tests.support.pictures import picture
from tests.support.recordings import recording

pytestmark = pytest.mark.rollback

# PostgreSQL has no text with NUL. Python converts at most 4,300 digits to a number.
HOSTILE = {
    "NUL": b"liv\0e",
    "invalid UTF-8": b"\xed\xa0\x80\xff",
    "too many digits": b"9" * 5_000,
    "a negative number": b"-1",
}
OF_LISTS = [
    "q",
    "o",
    "p",
    "e",
    "all",
    "_popup",
    "_to_field",
    "_facets",
    "_changelist_filters",
    "unknown",
    "state__exact",
]
OF_FORMS = ["_changelist_filters", "_source_model", "seen"]
# A cookie of this form contains NUL after Django has decoded it.
NUL_IN_COOKIE = r'"\000planted"'


@pytest.fixture
def rows(techblog, publish, superuser):
    """One row of each model of the admin."""
    placement = publish("Post", on=techblog)
    image = Image.objects.create(site=techblog, file=picture(), title="Image")
    files = (image, MediaFile.objects.create(site=techblog, file=recording(), title="Media file"))
    tag, author = (
        Tag.objects.create(site=techblog, slug="tag", name="Tag"),
        Author.objects.create(site=techblog, slug="author", name="Author"),
    )
    redirect = Redirect.objects.create(site=techblog, old_path="/old/", new_path="/new/")
    return {type(row): row for row in (techblog, superuser, placement, placement.post, *files, tag, author, redirect)}


def query(*names, value):
    return "&".join(f"{quote(name)}={quote(value)}" for name in names)


def queries_for(route, pattern, value):
    """Query strings with this value for each parameter that the view of this route may read."""
    model = model_of(pattern)
    if route == "/autocomplete/":
        known = {"term": "x", "app_label": "blogs", "model_name": "placement", "field_name": "post", "page": "1"}
        for name in known:
            yield "&".join(query(key, value=value if key == name else known[key].encode()) for key in known)
    elif route in lists():
        filters = [each.parameter_name for each in admin_site.get_model_admin(model).list_filter]
        yield from (query(name, value=value) for name in {*OF_LISTS, *filters, model._meta.fields[-1].name})
    elif model is None:
        yield query("next", value=value)
    else:
        yield query("_to_field", value=value)
        every = [field.name for field in (*model._meta.fields, *model._meta.many_to_many)]
        yield query(*OF_FORMS, *(every if route.endswith("/add/") else ()), value=value)
    yield f"{quote(value)}=1"


def assert_answered(response, asked, value=b""):
    assert response.status_code == 400 if b"\0" in value else response.status_code < 500, (response.status_code, asked)


@pytest.mark.parametrize("value", HOSTILE)
def test_no_parameter_of_any_page_causes_an_error(value, rows, superuser, admin_as):
    client = admin_as(superuser)

    for route, pattern in patterns():
        if "(?P<" not in route and route != "/logout/":
            path = with_key(route, rows[model_of(pattern) or User].pk).replace("<str:name>", rows[Image].name)
            for asked in queries_for(route, pattern, HOSTILE[value]):
                assert_answered(client.get(f"{path}?{asked}"), (path, asked[:100]), HOSTILE[value])


@pytest.mark.parametrize("value", HOSTILE)
def test_no_id_in_a_path_causes_an_error(value, rows, superuser, admin_as):
    client = admin_as(superuser)

    for route, _pattern in patterns():
        if "<" in route and "(?P<" not in route:
            path = with_key(route, quote(HOSTILE[value])).replace("<str:name>", quote(HOSTILE[value]))
            for method in ("get", "post"):
                assert_answered(getattr(client, method)(path), path, HOSTILE[value])


@pytest.mark.parametrize("name", ["session", "csrf", "messages"])
def test_a_cookie_with_nul_causes_no_error(name, rows, client):
    for path in ("/", "/login/", "/blogs/post/"):
        response = client.get(path, headers={"host": "admin.localhost", "cookie": f"{name}={NUL_IN_COOKIE}"})
        assert_answered(response, path, b"\0")
        assert "the character NUL" in response.content.decode()


def forms(rows):
    for model in admin_site._registry:
        base = f"/{model._meta.app_label}/{model._meta.model_name}"
        yield f"{base}/add/"
        yield f"{base}/{rows[model].pk}/change/"


@pytest.mark.parametrize("value", ["a\0b", "9" * 5_000, "-1", "\uffff\x01", "²٣", "1e999"])
def test_no_value_of_a_form_field_causes_an_error(value, rows, superuser, admin_as):
    client = admin_as(superuser)

    for address in forms(rows):
        filled = fields(client, address)
        for kept in (lambda name: name.endswith("_FORMS"), lambda name: not name.endswith("_FORMS")):
            sent = {name: typed if kept(name) else value for name, typed in filled.items()}
            assert_answered(client.post(address, sent), (address, value[:20]))
