"""Which changes of images and redirects each role may make, and what each call stores."""

import time

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from blogs import publishing, redirects
from blogs.models import Image, Post, Redirect
from tests.support.pictures import picture
from tests.support.timing import InThreads

pytestmark = pytest.mark.rollback


@pytest.fixture
def image(techblog):
    image = Image(site=techblog, file=picture(), title="Before")
    publishing.create_file(image, by=None)
    return image


@pytest.fixture
def redirect(techblog):
    redirect = Redirect(site=techblog, old_path="/old/", new_path="/new/")
    redirects.save(redirect, by=None)
    return redirect


# -- images ------------------------------------------------------------------------------------------------------------


def test_authors_of_a_site_upload_images_there_and_nowhere_else(techblog, financeblog, author, stranger, settings):
    publishing.create_file(Image(site=techblog, file=picture()), by=author)

    for site, user in ((financeblog, author), (techblog, stranger)):
        with pytest.raises(PermissionDenied):
            publishing.create_file(Image(site=site, file=picture()), by=user)
    assert Image.objects.get().site == techblog
    assert not (settings.MEDIA_ROOT / str(financeblog.pk)).exists()


def test_editors_of_its_site_rename_and_delete_an_image_but_authors_do_not(image, author, editor, stranger):
    for user in (author, stranger):
        with pytest.raises(PermissionDenied):
            publishing.rename_file(image, "After", by=user)
        with pytest.raises(PermissionDenied):
            publishing.delete_file(image, by=user)
    assert Image.objects.get().title == "Before"

    assert publishing.rename_file(image, "After", by=editor).title == Image.objects.get().title == "After"
    publishing.delete_file(image, by=editor)
    assert not Image.objects.exists()


def test_a_title_that_is_too_long_is_refused(image, editor):
    with pytest.raises(ValidationError, match="200"):
        publishing.rename_file(image, "x" * 201, by=editor)
    with pytest.raises(ValidationError, match="200"):
        publishing.create_file(Image(site=image.site, file=picture(), title="x" * 201), by=editor)


@pytest.mark.parametrize("shown", ["as cover", "in the text"])
def test_an_image_that_a_post_shows_is_not_deleted(techblog, image, editor, publish, shown):
    fields = {"cover": image} if shown == "as cover" else {"body": f"![x]({image.get_absolute_url()})"}
    publish("Shows it", on=techblog, at=None, **fields)

    for user in (editor, None):
        with pytest.raises(publishing.FileInUse, match="The post “Shows it” shows this image"):
            publishing.delete_file(image, by=user)


def test_the_title_of_a_post_of_another_site_is_not_in_the_refusal(techblog, financeblog, image, editor, publish):
    post = publish("Secret", on=financeblog).post
    Post.objects.filter(pk=post.pk).update(cover=image)

    with pytest.raises(publishing.FileInUse, match="A post on another site shows this image") as refusal:
        publishing.delete_file(image, by=editor)

    assert "Secret" not in str(refusal.value)


@pytest.mark.django_db(transaction=True)
def test_a_save_of_a_post_that_shows_an_image_waits_for_the_deletion_of_the_image_and_is_refused(
    techblog, image, publish
):
    post = publish("Hello", on=techblog).post
    cover = {"cover": image, "cover_alt": "It"}

    with transaction.atomic():
        publishing.delete_file(image, by=None)
        saving = InThreads(lambda: publishing.edit_post(post, cover, by=None, version=1))
        time.sleep(0.3)
        assert saving.are_running()
    with pytest.raises(IntegrityError):
        saving.results()

    assert Post.objects.get().cover is None


# -- redirects ---------------------------------------------------------------------------------------------------------


def test_editors_of_its_site_add_change_and_delete_a_redirect_but_authors_do_not(
    techblog, financeblog, redirect, author, editor
):
    with pytest.raises(PermissionDenied):
        redirects.save(Redirect(site=techblog, old_path="/a/", new_path="/b/"), by=author)
    with pytest.raises(PermissionDenied):
        redirects.save(Redirect(site=financeblog, old_path="/a/", new_path="/b/"), by=editor)
    with pytest.raises(PermissionDenied):
        redirects.delete(redirect, by=author)
    redirect.new_path = "/newer/"
    with pytest.raises(PermissionDenied):
        redirects.save(redirect, by=author)

    redirects.save(redirect, by=editor)
    redirects.save(Redirect(site=techblog, old_path="/a/", new_path="/b/"), by=editor)
    assert set(Redirect.objects.values_list("new_path", flat=True)) == {"/newer/", "/b/"}
    redirects.delete(redirect, by=editor)
    assert Redirect.objects.get().old_path == "/a/"


def test_an_editor_cannot_take_a_redirect_from_another_site_or_give_it_to_one(techblog, financeblog, redirect, member):
    redirect.site = financeblog
    for user in (member("editor", of=techblog), member("editor", of=financeblog)):
        with pytest.raises(PermissionDenied):
            redirects.save(redirect, by=user)

    assert Redirect.objects.get().site == techblog


def test_a_site_that_is_changed_only_in_memory_gives_no_permission(financeblog, image, redirect, member):
    theirs = member("editor", of=financeblog)
    image.site = redirect.site = financeblog

    for refused in (
        lambda: publishing.rename_file(image, "Mine", by=theirs),
        lambda: publishing.delete_file(image, by=theirs),
        lambda: redirects.delete(redirect, by=theirs),
    ):
        with pytest.raises(PermissionDenied):
            refused()


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("old", "/new/", "old_path"),
        ("//old", "/new/", "old_path"),
        ("/old/", "//evil.test/", "new_path"),
        ("/old/", "javascript:alert(1)", "new_path"),
        ("/old/", "/old/", "new_path"),
        ("/", "/new/", "old_path"),
        ("/old/", "/OLD", "new_path"),
        ("/old/", "https://elsewhere.test/*", "new_path"),
        ("/old*", "/new/", "old_path"),
        ("/a/*/b/", "/new/", "old_path"),
        ("/old/?page=2", "/new/", "old_path"),
        ("/old/#part", "/new/", "old_path"),
        ("/old%00/", "/new/", "old_path"),
        ("/-/x/", "/new/", "old_path"),
        ("/media/*", "/new/", "old_path"),
        ("/static/x.css", "/new/", "old_path"),
        ("/feed", "/new/", "old_path"),
        ("https://elsewhere.test/old/", "/new/", "old_path"),
    ],
)
def test_an_invalid_redirect_is_refused_on_the_command_line_too(techblog, old, new, field):
    with pytest.raises(ValidationError) as refusal:
        redirects.save(Redirect(site=techblog, old_path=old, new_path=new), by=None)

    assert field in refusal.value.message_dict
    assert not Redirect.objects.exists()
