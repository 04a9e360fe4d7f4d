"""Uploads in the admin: a refused one leaves the form as it was typed with an error, others are decoded once."""

import os

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from blogs.models import Image, Post
from lib import images
from tests.support.admin import errors, fields, form_of, saved
from tests.support.pictures import animation, picture

pytestmark = pytest.mark.rollback

ADD = "/blogs/post/add/"
TYPED = {
    "title": "A title",
    "body": "Some text",
    "excerpt": "An excerpt",
    "cover_alt": "A room",
    "tag_names": "python, new tag",
}
REFUSED = {
    "a file with too many bytes": (
        lambda: b"\x89PNG\r\n\x1a\n" + os.urandom(images.MAX_BYTES),
        "The image has 10,485,768 bytes; at most 10,485,760 are allowed.",
    ),
    "an image with too many pixels": (
        lambda: picture(8_000, 6_000).read(),
        "The image has 8,000 × 6,000 pixels, 48,000,000 in total; at most 40,000,000 are allowed.",
    ),
    "an animation that is too long": (
        lambda: animation("GIF", 300, (800, 560)),
        "The animation has 300 frames of 800 × 560 pixels, 134,400,000 in total; at most 100,000,000 are allowed.",
    ),
    "an SVG": (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", "Export the drawing as a PNG or WebP."),
    "a PDF": (lambda: b"%PDF-1.7 ...", "Upload a JPEG, PNG, GIF, WebP, AVIF or HEIC."),
}


@pytest.fixture(params=REFUSED)
def refused(request):
    content, message = REFUSED[request.param]
    return SimpleUploadedFile("upload", content()), message


@pytest.mark.parametrize("form", ["new", "stored"])
def test_a_refused_cover_keeps_everything_typed_in_the_form_of_a_post(
    techblog, editor, publish, admin_as, refused, form
):
    address = ADD if form == "new" else f"/blogs/post/{publish('Before', on=techblog).post.pk}/change/"
    client, (file, message) = admin_as(editor), refused
    typed = {**fields(client, address), **TYPED}
    if form == "new":
        typed |= {
            "placements-TOTAL_FORMS": "1",
            "placements-0-site": str(techblog.pk),
            "placements-0-slug": "an-address",
        }

    response = client.post(address, {**typed, "new_cover": file})

    assert message in errors(response)
    shown = form_of(response)
    typed.pop("csrfmiddlewaretoken")
    assert {name: shown.get(name) for name in typed} == typed
    assert not Image.objects.exists() and not Post.objects.filter(title="A title").exists()

    assert saved(client.post(address, {**shown, "new_cover": picture()}))
    assert Post.objects.get(title="A title").cover is not None


def test_a_refused_image_keeps_its_title(techblog, author, admin_as, refused):
    client, (file, message) = admin_as(author), refused
    typed = {**fields(client, "/blogs/image/add/"), "title": "Machine room"}

    response = client.post("/blogs/image/add/", {**typed, "file": file})

    assert message in errors(response)
    assert form_of(response)["title"] == "Machine room"


def test_a_refused_logo_keeps_the_other_settings(techblog, owner, admin_as, refused):
    client, (file, message) = admin_as(owner), refused
    address = f"/sites/site/{techblog.pk}/change/"
    typed = {**fields(client, address), "settings-0-tagline": "A new tagline"}

    response = client.post(address, {**typed, "settings-0-logo": file})

    assert message in errors(response)
    assert form_of(response)["settings-0-tagline"] == "A new tagline"


@pytest.mark.parametrize("address", ["/blogs/image/add/", ADD])
def test_an_upload_is_decoded_once(techblog, author, admin_as, monkeypatch, address):
    decoded = []
    monkeypatch.setattr(images, "_decode", lambda image: decoded.append(image.size))
    client = admin_as(author)
    file = {"new_cover": picture(), "cover_alt": "A room"} if address == ADD else {"file": picture()}

    assert saved(client.post(address, {**fields(client, address), "title": "A title", **file}))

    assert decoded == [(40, 30)]


def test_a_request_that_is_too_large_is_refused_with_its_size_the_limit_and_a_remedy(author, admin_as, settings):
    settings.MAX_REQUEST_BODY = 1_000

    response = admin_as(author).post("/blogs/image/add/", {"title": "x" * 2_000})

    text = response.content.decode()
    assert response.status_code == 413
    assert "at most 1,000 are allowed" in text and "choose a smaller file" in text
