"""Below `/-/` on a site's host, views accept POST with a form token, without cache and cookies. Other paths do not."""

import time
from io import BytesIO
from urllib.parse import urlencode

import pytest
from django.core import signing
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.test import Client

from blogs.pages import urls
from tenancy import checks, lifecycle
from tenancy.dynamic import TOKEN_FIELD, TOKEN_MAX_AGE, form_token
from tests.support.dynamic_urls import DYNAMIC, FORM, MISPLACED, OTHER, OUTSIDE, added_to_sites
from tests.support.pagecache.observing import entries
from tests.support.processes import until_all_know
from tests.support.reading import read

pytestmark = pytest.mark.sqlite

SITE, OTHER_SITE = "techblog.test", "financeblog.test"


@pytest.fixture(autouse=True)
def routes():
    with added_to_sites([*DYNAMIC, *MISPLACED]):
        yield


def client(host=SITE, **headers):
    return Client(headers={"host": host, **headers})


def token_of(host=SITE, path=FORM):
    return client(host).get(path).content.decode()


def post(token, host=SITE, path=FORM, **headers):
    fields = {"text": "hello"} if token is None else {"text": "hello", TOKEN_FIELD: token}
    return client(host, **headers).post(path, fields)


# -- the form token --------------------------------------------------------------------------------------------------


def test_a_post_with_a_valid_token_reaches_the_view(techblog):
    response = post(token_of())

    assert (response.status_code, response.content) == (200, b"Techblog received hello")


@pytest.mark.parametrize("token", [None, "", "x", "W10:1:x"])
def test_a_post_without_a_valid_token_gets_403(techblog, token):
    response = post(token)

    assert response.status_code == 403
    assert "This form has expired" in response.content.decode()
    assert "Techblog" not in response.content.decode()


def test_a_post_with_the_token_of_another_site_gets_403(techblog, financeblog):
    token = token_of(OTHER_SITE)

    assert post(token).status_code == 403
    assert post(token, host=OTHER_SITE).status_code == 200


def test_a_post_with_the_token_of_another_form_gets_403(techblog):
    token = token_of(path=OTHER)

    assert post(token).status_code == 403
    assert post(token, path=OTHER).status_code == 200


def test_a_post_with_an_expired_token_gets_403(techblog, monkeypatch):
    tokens = {}
    for age in (TOKEN_MAX_AGE - 60, TOKEN_MAX_AGE + 60):
        with monkeypatch.context() as patch:
            then = time.time() - age
            patch.setattr(signing.time, "time", lambda then=then: then)
            tokens[age] = token_of()

    assert [post(token).status_code for token in tokens.values()] == [200, 403]


def test_a_token_with_one_changed_character_gets_403(techblog):
    token = token_of()

    assert post(token[:-1] + ("a" if token[-1] != "a" else "b")).status_code == 403


def test_a_post_with_the_token_in_the_query_string_gets_403(techblog):
    assert client().post(f"{FORM}?{urlencode({TOKEN_FIELD: token_of()})}").status_code == 403


@pytest.mark.parametrize(
    "origin", ["http://evil.test", "null", "https://techblog.test", "http://techblog.test.evil.test"]
)
def test_a_post_from_a_page_of_another_origin_gets_403(techblog, origin):
    """A valid token is not enough: any page can obtain one, because tokens do not belong to a browser."""
    assert post(token_of(), origin=origin).status_code == 403


@pytest.mark.parametrize("origin", ["http://techblog.test", "http://techblog.test:8000"])
def test_a_post_from_the_sites_own_origin_reaches_the_view(techblog, origin):
    assert post(token_of(), origin=origin).status_code == 200


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
def test_methods_other_than_get_head_and_post_get_405(techblog, method):
    response = client().generic(method, FORM)

    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD, POST"


def test_form_token_raises_unless_both_the_page_and_the_form_are_below_the_prefix(techblog, rf):
    def given(page, action):
        request = rf.get(page)
        request.site = techblog
        return form_token(request, action)

    assert post(given(OTHER, FORM)).status_code == 200
    for page, action in (("/", FORM), (FORM, "/"), (FORM, OUTSIDE)):
        with pytest.raises(ImproperlyConfigured, match="both must be below /-/"):
            given(page, action)


# -- what is allowed only below the prefix ----------------------------------------------------------------------------


def test_a_decorated_view_outside_the_prefix_receives_no_post_and_raises_improperly_configured(techblog):
    token = token_of()

    assert post(token, path=OUTSIDE).status_code == 405
    with pytest.raises(ImproperlyConfigured, match="/outside/ is not below /-/"):
        client().get(OUTSIDE)


def test_a_page_outside_the_prefix_is_stored_and_a_page_below_it_is_not(techblog):
    before = entries()

    for path in (FORM, "/-/public/", "/-/none/"):
        for method in ("GET", "HEAD", "GET"):
            headers = read(SITE, path, method=method).headers
            assert (headers["X-Cache"], headers["Cache-Control"]) == ("BYPASS", "no-store"), path
            assert "Age" not in headers
            assert "ETag" not in headers
    assert entries() == before

    assert [read(SITE).headers["X-Cache"] for _ in range(2)] == ["MISS", "HIT"]
    assert entries() != before


def test_the_page_cache_passes_on_a_post_only_below_the_prefix(techblog):
    body = urlencode({TOKEN_FIELD: token_of(), "text": "through"})
    form = {"CONTENT_TYPE": "application/x-www-form-urlencoded", "CONTENT_LENGTH": str(len(body))}

    response = read(SITE, FORM, method="POST", **form, **{"wsgi.input": BytesIO(body.encode())})
    outside = read(SITE, "/", method="POST", **form, **{"wsgi.input": BytesIO(body.encode())})

    assert (response.status, response.body) == (200, b"Techblog received through")
    assert (response.headers["X-Cache"], response.headers["Cache-Control"]) == ("BYPASS", "no-store")
    assert outside.status == 405


def test_a_post_to_an_undecorated_view_below_the_prefix_gets_403(techblog):
    assert client().get("/-/undecorated/").status_code == 200
    strict = Client(headers={"host": SITE}, enforce_csrf_checks=True)

    assert strict.post("/-/undecorated/").status_code == 403
    assert strict.post(FORM, {TOKEN_FIELD: token_of()}).status_code == 200


def test_responses_of_every_status_below_the_prefix_forbid_storing(techblog, installation):
    lifecycle.add_domain(techblog, "old.test", by=None)
    not_raising = Client(headers={"host": SITE}, raise_request_exception=False)
    responses = {
        200: client().get(FORM),
        308: client("old.test").post(FORM),
        403: post(None),
        404: client().get("/-/none/"),
        405: client().delete(FORM),
        500: not_raising.get("/-/broken/"),
    }

    assert {response.status_code: response["Cache-Control"] for response in responses.values()} == dict.fromkeys(
        responses, "no-store"
    )


@pytest.mark.parametrize("host", ["unknown.test", "admin.localhost"])
def test_the_views_below_the_prefix_exist_only_on_hosts_of_sites(techblog, host):
    assert client(host).get(FORM).status_code in (302, 404)


def test_a_view_below_the_prefix_neither_sets_nor_sees_a_cookie(techblog, caplog):
    response = client(cookie="session=x").get("/-/cookies/")

    assert response.content == b"cookies: []"
    assert "Set-Cookie" not in response.headers
    assert not response.cookies
    assert "set the cookies seen; they are removed" in caplog.text
    assert "Set-Cookie" not in read(SITE, "/-/cookies/").headers


def test_a_set_cookie_header_of_a_view_below_the_prefix_is_removed_and_other_headers_are_kept(techblog, caplog):
    response = client().get("/-/cookie-header/")

    assert response["X-Kept"] == "yes"
    assert "Set-Cookie" not in response.headers
    assert "they are removed" in caplog.text


def test_a_post_whose_body_is_too_large_is_refused(techblog, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE, settings.MAX_REQUEST_BODY = 1000, 5000
    token = token_of()

    for size, status in ((100, 200), (2000, 400), (9000, 413)):
        assert client().post(FORM, {TOKEN_FIELD: token, "text": "x" * size}).status_code == status


def test_a_slug_cannot_take_the_prefix(techblog, publish):
    with pytest.raises(ValidationError, match="no letter and no digit"):
        publish("Dash", on=techblog, slug="-")
    assert publish("Dash", on=techblog, slug="-x").slug == "x"
    assert client().get("/-/x/")["Cache-Control"] == "no-store"


def test_a_check_reports_views_whose_path_and_decorator_disagree():
    errors = checks.dynamic_views_are_below_their_prefix(None)

    assert {error.id for error in errors} == {"newsstand.E008"}
    assert [("not" in error.msg, error.msg.rpartition(" ")[2]) for error in errors] == [
        (False, "/outside/."),
        (True, "/-/undecorated/."),
    ]
    for pattern in MISPLACED:
        urls.urlpatterns.remove(pattern)
    assert checks.dynamic_views_are_below_their_prefix(None) == []


def test_a_server_accepts_post_only_below_the_prefix(techblog, processes):
    [process] = processes(1)
    until_all_know()

    below, outside = process.get(SITE, "/-/none/", method="POST"), process.get(SITE, "/none/", method="POST")

    assert (below.status, below.headers["X-Cache"], below.headers["Cache-Control"]) == (404, "BYPASS", "no-store")
    assert outside.status == 405
