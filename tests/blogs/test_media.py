"""The content of an uploaded file, not its name, decides whether it is stored as an image."""

import os
import resource
import struct
import zlib
from contextlib import nullcontext
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
from tenancy import lifecycle
from tests.support.pictures import HEIC, SECRET, animation, photo, picture

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
    publishing.create_file(Image(site=site, file=picture()), by=None)


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


@pytest.mark.parametrize(
    ("content", "suffix", "size"),
    [(photo("JPEG", 6), ".jpg", (48, 64)), (photo("PNG"), ".png", (64, 48)), (HEIC.read_bytes(), ".jpg", (48, 64))],
)
def test_the_public_file_of_an_upload_has_no_metadata_and_the_original_is_kept(
    techblog, settings, content, suffix, size
):
    image = Image(site=techblog, file=ContentFile(content, "photo"))
    publishing.create_file(image, by=None)

    name = image.name.removesuffix(suffix)
    folder = settings.MEDIA_ROOT / str(techblog.pk)
    public = (folder / image.name).read_bytes()
    assert SECRET not in public and b"SECRET" not in public
    assert Pillow.open(BytesIO(public)).size == (image.width, image.height) == size
    image.refresh_from_db()
    assert (image.width, image.height) == size
    assert stored_files(settings) == [folder / image.name, folder / "originals" / name]
    assert (folder / "originals" / name).read_bytes() == content


def test_an_upload_without_metadata_is_stored_once(techblog, settings):
    upload_image(techblog)

    assert len(stored_files(settings)) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("removal", ["image", "site", "transaction", "logo"])
def test_the_original_is_removed_with(techblog, settings, removal):
    with pytest.raises(Later) if removal == "transaction" else nullcontext(), transaction.atomic():
        if removal == "logo":
            lifecycle.change_settings(techblog, {"logo": ContentFile(photo(), "photo.jpg")}, by=None)
        else:
            publishing.create_file(Image(site=techblog, file=ContentFile(photo(), "photo.jpg")), by=None)
        assert len(stored_files(settings)) == 2
        if removal == "transaction":
            raise Later

    if removal == "image":
        publishing.delete_file(Image.objects.get(), by=None)
    elif removal == "site":
        lifecycle.delete(techblog, by=None)
    elif removal == "logo":
        lifecycle.change_settings(techblog, {"logo": ""}, by=None)

    assert stored_files(settings) == []


def test_the_original_moves_with_its_image_to_a_new_home(shared, techblog, financeblog, settings):
    cover = ContentFile(photo(), "photo.jpg")
    publishing.edit_post(shared, {"new_cover": cover, "cover_alt": "A photo"}, by=None, version=1)

    move_home(techblog, financeblog)

    folder, image = settings.MEDIA_ROOT / str(financeblog.pk), Image.objects.get()
    assert SECRET not in (folder / image.name).read_bytes()
    assert (folder / "originals" / image.name.removesuffix(".jpg")).read_bytes() == photo()


ACCEPTED = {
    "a GIF of 100 frames at 800 × 560": lambda: animation("GIF", 100, (800, 560)),
    "an animated WebP": lambda: animation("WEBP", 20, (400, 300)),
    "an animated PNG": lambda: animation("PNG", 20, (400, 300)),
}


@pytest.mark.parametrize("file", ACCEPTED)
def test_an_animation_is_accepted_and_stays_one(techblog, file):
    image = Image.objects.create(site=techblog, file=ContentFile(ACCEPTED[file](), "animation"))

    with Pillow.open(image.file.path) as stored:
        assert stored.n_frames >= 20


MESSAGES = {
    "too many bytes": (
        lambda: b"\x89PNG" + bytes(images.MAX_BYTES - 3),
        "The image has 10,485,761 bytes; at most 10,485,760",
    ),
    "too many pixels": (lambda: picture(8_000, 8_000).read(), "8,000 × 8,000 pixels, 64,000,000 in total; at most 40,"),
    "a bomb": (lambda: png_claiming(60_000, 60_000), "The image has 3,600,000,000 pixels; at most 40,000,000"),
    "too many frames": (lambda: gif_of_many_frames().read(), "The animation has 1,001 frames; at most 1,000"),
    "an animation too large": (
        lambda: animation("GIF", 101, (1_000, 1_000)),
        "has 101 frames of 1,000 × 1,000 pixels, 101,000,000 in total; at most 100,000,000",
    ),
    "an SVG": (
        lambda: b'<?xml version="1.0"?>\n<svg/>',
        "An SVG image can contain scripts.*Export the drawing as a PNG",
    ),
    "another format": (lambda: picture(kind="TIFF").read(), "Upload a JPEG, PNG, GIF, WebP, AVIF or HEIC"),
    "a broken HEIC": (lambda: HEIC.read_bytes()[:700], "Upload a JPEG, PNG, GIF, WebP, AVIF or HEIC"),
    "an AVIF animation with metadata": (
        lambda: animation("AVIF", xmp=SECRET),
        "The metadata of this AVIF animation cannot be removed",
    ),
}


@pytest.mark.parametrize("file", MESSAGES)
def test_a_refusal_names_the_limit_and_the_numbers_of_the_file(file):
    content, message = MESSAGES[file]

    with pytest.raises(ValidationError, match=message):
        images.image_format(ContentFile(content(), "upload"))


def png_claiming(width, height):
    """A small PNG that claims this size."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(1_000))), (b"IEND", b"")]
    packed = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def gif_with_a_large_frame():
    content = bytearray(animation("GIF", frames=2, size=(20, 20)))
    struct.pack_into("<HH", content, content.rindex(b",\0\0\0\0") + 5, 13_000, 13_000)
    return bytes(content)


def heic_of(width, height):
    return HEIC.read_bytes().replace(struct.pack(">II", 64, 64), struct.pack(">II", width, height))


@pytest.mark.parametrize(
    "bomb",
    [
        lambda: png_claiming(60_000, 60_000),
        lambda: png_claiming(13_000, 13_000),
        gif_with_a_large_frame,
        lambda: heic_of(16_000, 16_000),
    ],
)
def test_a_decompression_bomb_costs_no_memory(bomb):
    content = bomb()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with pytest.raises(ValidationError, match=r"at most 40,000,000|not an image"):
        images.image_format(ContentFile(content, "bomb"))

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000  # kB


def stored_files(settings):
    return sorted(path for path in settings.MEDIA_ROOT.rglob("*") if path.is_file())
