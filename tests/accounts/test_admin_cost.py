"""A form with hostile numbers or texts costs little CPU time."""

import time

import pytest

from accounts.admin.formsets import BoundedFormSet
from accounts.admin.site import site as admin_site
from blogs.models import Placement
from tests.support.admin import errors, fields, saved

pytestmark = pytest.mark.rollback

MAX_CPU = 4  # seconds; on a quiet machine each request takes less than half a second


@pytest.fixture
def send(superuser, admin_as):
    """send(address, data): the response to a POST by a superuser. Fails if it costs too much CPU time."""
    client = admin_as(superuser)

    def send(address, data):
        data = fields(client, address) | data
        start = time.thread_time()
        response = client.post(address, data)
        assert time.thread_time() - start < MAX_CPU
        return response

    return send


def inlines():
    for model, model_admin in admin_site._registry.items():
        for inline in model_admin.inlines:
            yield model, inline


def test_the_formset_of_every_inline_limits_the_number_of_rows():
    found = list(inlines())

    assert len(found) > 3
    for _model, inline in found:
        assert issubclass(inline.formset, BoundedFormSet), inline


def test_a_form_with_too_many_rows_is_refused(techblog, publish, send):
    post, number = publish("Hello", on=techblog).post, 99_999_999
    rows = {
        "placements": f"/blogs/post/{post.pk}/change/",
        "domains": f"/sites/site/{techblog.pk}/change/",
        "memberships": f"/sites/site/{techblog.pk}/change/",
        "settings": f"/sites/site/{techblog.pk}/change/",
    }
    assert len(rows) == len(list(inlines()))

    for prefix, address in rows.items():
        assert "submit at most" in errors(send(address, {f"{prefix}-TOTAL_FORMS": number})), prefix
        assert send(address, {f"{prefix}-TOTAL_FORMS": number, f"{prefix}-INITIAL_FORMS": number}).status_code == 200


def test_a_post_with_more_stored_placements_than_new_rows_are_allowed_can_be_saved(
    techblog, publish, send, monkeypatch
):
    monkeypatch.setattr("accounts.admin.formsets.MAX_NEW_ROWS", 0)
    post = publish("Hello", on=techblog).post

    assert saved(send(f"/blogs/post/{post.pk}/change/", {"placements-0-slug": "moved"}))
    assert Placement.objects.get().slug == "moved"


@pytest.mark.parametrize("text", ["[" * 200_000, "[" * 9_990, "x" * 5_000_000])
def test_a_hostile_text_in_any_field_costs_little(text, techblog, publish, send):
    address = f"/blogs/post/{publish('Hello', on=techblog).post.pk}/change/"

    for name in ("body", "title", "excerpt", "cover_alt", "tag_names", "seen", "seen_version", "placements-0-slug"):
        send(address, {name: text})


def test_a_list_of_many_tags_costs_little(techblog, publish, send):
    address = f"/blogs/post/{publish('Hello', on=techblog).post.pk}/change/"

    assert errors(send(address, {"tag_names": "a," * 2_000_000}))


def test_thousands_of_selected_rows_cost_little(techblog, publish, send):
    address = f"/blogs/post/{publish('Hello', on=techblog).post.pk}/change/"
    keys = [str(number) for number in range(10**9, 10**9 + 1_900)]

    assert errors(send(address, {"authors": keys}))
    assert send(address, {"take_theirs": keys}).status_code in (200, 302)
