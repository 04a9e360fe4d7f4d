"""The content of an uploaded file, not its name, decides whether it is stored as an image."""

import os
from io import BytesIO

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from PIL import Image as Pillow

from blogs.models import Image
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
    assert not settings.MEDIA_ROOT.exists() or not any(settings.MEDIA_ROOT.rglob("*.*"))


def test_a_failed_write_leaves_no_partial_file(techblog, settings, monkeypatch):
    def full_disk(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        Image.objects.create(site=techblog, file=picture())

    assert [path for path in settings.MEDIA_ROOT.rglob("*") if path.is_file()] == []
