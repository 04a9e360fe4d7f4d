"""A site is deleted while another request places one of its posts on another site."""

import threading
import time
from contextlib import contextmanager

import pytest
from django.contrib.sites.models import Site
from django.core.management import CommandError, call_command
from django.db import connections, transaction

from blogs import publishing
from blogs.models import Placement, Post
from tenancy import lifecycle
from tests.support.pagecache.observing import waiting_for_a_lock

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def post(techblog, publish):
    return publish("Hello", on=techblog).post


@contextmanager
def placing(post, site):
    """Place the post on the site in another thread, which commits when a transaction waits for its locks."""
    placed = threading.Event()

    def place():
        try:
            with transaction.atomic():
                publishing.place(Placement(post=Post.objects.get(pk=post.pk), site=site), by=None)
                placed.set()
                deadline = time.monotonic() + 10
                while not waiting_for_a_lock() and time.monotonic() < deadline:
                    time.sleep(0.02)
        finally:
            placed.set()
            connections.close_all()

    thread = threading.Thread(target=place)
    thread.start()
    placed.wait(10)
    yield
    thread.join(20)


def assert_nothing_was_deleted(post):
    assert Site.objects.count() == 2
    assert Placement.objects.filter(post=post).count() == 2


def assert_refused(response):
    """Depending on the moment, the admin finds the new placement before it deletes, or the deletion finds it."""
    assert response.status_code == 200
    text = response.content.decode()
    before = "Cannot delete site" in text and "“Hello” has this site as its home" in text
    assert before or "Nothing was deleted. Other sites also show “Hello”." in text


def test_the_form_that_deletes_the_site_names_the_post(techblog, financeblog, post, superuser, admin_as):
    client = admin_as(superuser)

    with placing(post, financeblog):
        response = client.post(f"/sites/site/{techblog.pk}/delete/", {"post": "yes"}, follow=True)

    assert response.status_code == 200
    assert_refused(response)
    assert_nothing_was_deleted(post)


def test_the_action_that_deletes_sites_names_the_post(techblog, financeblog, post, superuser, admin_as):
    client = admin_as(superuser)
    data = {"action": "delete_selected", "_selected_action": techblog.pk, "post": "yes"}

    with placing(post, financeblog):
        response = client.post("/sites/site/", data, follow=True)

    assert_refused(response)
    assert_nothing_was_deleted(post)


def test_the_command_that_deletes_the_site_names_the_posts(techblog, financeblog, post):
    with placing(post, financeblog), pytest.raises(CommandError, match=r"Hello: financeblog\.test"):
        call_command("site", "delete", "techblog.test", "--yes")

    assert_nothing_was_deleted(post)


def test_a_post_of_a_site_that_is_being_deleted_cannot_be_placed(techblog, financeblog, post, superuser, admin_as):
    client = admin_as(superuser)
    data = {"post": post.pk, "site": financeblog.pk, "slug": "hello", "published_at_0": "", "published_at_1": ""}
    deleted, results = threading.Event(), []

    def delete():
        with transaction.atomic():
            lifecycle.delete(techblog, by=None)
            deleted.set()
            deadline = time.monotonic() + 10
            while not waiting_for_a_lock() and time.monotonic() < deadline:
                time.sleep(0.02)
        connections.close_all()

    thread = threading.Thread(target=delete)
    thread.start()
    deleted.wait(10)
    results.append(client.post("/blogs/placement/add/", data))
    thread.join(20)

    assert results[0].status_code in (200, 404, 409)
    assert not Placement.objects.exists()
    assert list(Site.objects.all()) == [financeblog]
