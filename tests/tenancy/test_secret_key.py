"""After SECRET_KEY has changed, signatures by the keys in SECRET_KEY_FALLBACKS stay valid."""

import pytest
from django.test import Client

from pagecache.release import fingerprint
from tenancy.domain_checks import is_proof, proof
from tenancy.dynamic import TOKEN_FIELD
from tests.support.dynamic_urls import DYNAMIC, FORM, added_to_sites

pytestmark = pytest.mark.sqlite

NEW = "a new key for tests only"


@pytest.fixture
def routes():
    with added_to_sites(DYNAMIC):
        yield


@pytest.fixture(params=[True, False], ids=["with the old key as fallback", "without fallbacks"])
def change_key(request, settings):
    """change_key() sets another SECRET_KEY. It returns whether the old one is a fallback."""

    def change_key():
        settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY] if request.param else []
        settings.SECRET_KEY = NEW
        return request.param

    return change_key


def test_a_session_by_the_old_key_stays_valid(change_key, editor, admin_as):
    client = admin_as(editor)
    assert client.get("/").status_code == 200

    is_valid = change_key()

    assert client.get("/").status_code == (200 if is_valid else 302)


def test_a_form_token_by_the_old_key_stays_valid(change_key, techblog, routes):
    client = Client(headers={"host": techblog.domain})
    token = client.get(FORM).content.decode()

    is_valid = change_key()

    assert client.post(FORM, {TOKEN_FIELD: token}).status_code == (200 if is_valid else 403)


@pytest.mark.pure
def test_the_proof_of_a_process_with_the_old_key_is_accepted(change_key):
    old = proof("blog.example").encode()

    is_valid = change_key()

    assert is_proof(old, "blog.example") is is_valid
    assert is_proof(proof("blog.example").encode(), "blog.example")
    assert not is_proof(old, "other.example")


@pytest.mark.pure
def test_the_fingerprint_of_the_page_cache_depends_on_the_new_key_alone(settings):
    first = fingerprint()

    settings.SECRET_KEY_FALLBACKS = [NEW]
    assert fingerprint() == first
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [settings.SECRET_KEY]
    assert fingerprint() != first
