"""The content of an uploaded file, not its name, decides whether it is stored as an image."""

import os
from io import BytesIO

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from PIL import Image as Pillow

from blogs import publishing
from blogs.homes import move_home
from blogs.models import Image, Post
from lib import images
from tests.support.pictures import picture

pytestmark = [pytest.mark.rollback, pytest.mark.sqlite]


@pytest.mark.parametrize(("kind", "suffix"), [("PNG", "png"), ("JPEG", "jpg"), ("GIF", "gif"), ("WEBP", "webp")])
def test_an_image_is_stored_in_the_folder_of_its_site_with_a_random_name_and_the_suffix_of_its_format(
    techblog, kind, suffix
):
    image = Image.objects.create(site=techblog, file=picture(kind=kind, name="../holiday.exe"))

    folder, name = image.file.name.split("/")
    assert folder == str(techblog.pk)
    assert "holiday" not in name
    assert name.endswith(f".{suffix}")
    assert len(name) > 32
    assert (image.width, image.height) == (40, 30)


def decompression_bomb():
    return picture(8_000, 8_000)


def gif_of_many_frames():
    frames = [Pillow.new("RGB", (1, 1), (n % 256, n // 256, 0)) for n in range(images.MAX_FRAMES + 1)]
    buffer = BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    return ContentFile(buffer.getvalue(), "frames.gif")


def jpeg_of_many_scans():
    buffer = BytesIO()
    Pillow.new("L", (64, 64)).save(buffer, "JPEG", progressive=True)
    content = buffer.getvalue()
    begin = content.rindex(b"\xff\xda")
    scan = content[begin:-2]
    return ContentFile(content[:begin] + scan * (images.MAX_SCANS + 1) + content[-2:], "scans.jpg")


REFUSED = {
    "a text": lambda: ContentFile(b"no image at all", "text.png"),
    "an SVG": lambda: ContentFile(b'<svg xmlns="http://www.w3.org/2000/svg"/>', "drawing.svg"),
    "an SVG with the suffix of a PNG": lambda: ContentFile(b'<svg xmlns="http://www.w3.org/2000/svg"/>', "drawing.png"),
    "a format that browsers do not show": lambda: picture(kind="TIFF", name="scan.png"),
    "an incomplete image": lambda: ContentFile(picture(300, 300, "JPEG").read()[:-400], "half.jpg"),
    "a file that is too large": lambda: ContentFile(b"\x89PNG" + os.urandom(images.MAX_BYTES), "large.png"),
    "a decompression bomb": decompression_bomb,
    "a GIF of many frames": gif_of_many_frames,
    "a JPEG of many scans": jpeg_of_many_scans,
}


@pytest.mark.parametrize("file", REFUSED)
def test_a_refused_file_leaves_no_row_and_no_file(techblog, settings, file):
    with pytest.raises(ValidationError):
        Image.objects.create(site=techblog, file=REFUSED[file]())

    assert not Image.objects.exists()
    assert stored_files(settings) == []


def test_a_failed_write_leaves_no_partial_file(techblog, settings, monkeypatch):
    def full_disk(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        Image.objects.create(site=techblog, file=picture())

    assert stored_files(settings) == []


class Later(Exception):
    """A step after the upload fails."""


def upload_image(site):
    publishing.create_image(Image(site=site, file=picture()), by=None)


def upload_cover(site):
    publishing.create_post(Post(home=site, title="Hello"), by=None, new_cover=picture())


def upload_logo(site):
    site.settings.logo = picture()
    site.settings.save()


@pytest.mark.parametrize("upload", [upload_image, upload_cover, upload_logo])
def test_the_file_of_an_upload_is_removed_when_its_transaction_is_rolled_back(techblog, settings, upload):
    with pytest.raises(Later), transaction.atomic():
        upload(techblog)
        assert len(stored_files(settings)) == 1
        raise Later

    assert stored_files(settings) == []


def test_only_the_files_since_a_savepoint_are_removed_when_it_is_rolled_back(techblog, settings):
    upload_image(techblog)
    first = stored_files(settings)

    with pytest.raises(Later), transaction.atomic():
        upload_image(techblog)
        raise Later

    assert stored_files(settings) == first


@pytest.mark.django_db(transaction=True)
def test_the_file_of_a_committed_upload_is_kept_when_a_later_transaction_is_rolled_back(techblog, settings):
    with transaction.atomic():
        upload_image(techblog)
    with pytest.raises(Later), transaction.atomic():
        raise Later

    assert len(stored_files(settings)) == 1


@pytest.mark.django_db(transaction=True)
def test_an_image_whose_row_cannot_be_stored_leaves_no_file_even_without_a_transaction(techblog, settings):
    with pytest.raises(IntegrityError):
        Image.objects.create(site_id=techblog.pk + 1, file=picture())

    assert stored_files(settings) == []


def test_the_copies_for_a_new_home_are_removed_when_the_move_is_rolled_back(shared, techblog, financeblog, settings):
    publishing.edit_post(shared, {"new_cover": picture(), "cover_alt": "A picture"}, by=None, version=1)
    before = stored_files(settings)

    with pytest.raises(Later), transaction.atomic():
        move_home(techblog, financeblog)
        assert len(stored_files(settings)) == 2
        raise Later

    assert stored_files(settings) == before


def stored_files(settings):
    return sorted(path for path in settings.MEDIA_ROOT.rglob("*") if path.is_file())
