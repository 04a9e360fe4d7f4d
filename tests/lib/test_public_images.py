"""The public copy of an image has no metadata, is upright, and has the pixels of the original."""

import struct
from contextlib import suppress
from io import BytesIO

import pytest
from PIL import Image, ImageOps

from lib.image_containers import CannotCopy, without_metadata
from lib.images import image_format
from lib.public_images import public_copy
from tests.support.pictures import HEIC, ICC_PROFILE, SECRET, TRANSPARENT_HEIC, animation, photo

pytestmark = pytest.mark.pure

KINDS = ["JPEG", "PNG", "WEBP", "AVIF"]


def published(content):
    return public_copy(content, image_format(BytesIO(content)))


def decoded(content):
    image = Image.open(BytesIO(content))
    image.load()
    return image


def frames_of(content):
    image = Image.open(BytesIO(content))
    for number in range(image.n_frames):
        image.seek(number)
        yield image.convert("RGBA").tobytes(), image.info.get("duration")


def assert_is_clean(content):
    image = decoded(content)
    assert SECRET not in content
    assert not dict(image.getexif())
    assert not {"exif", "xmp", "comment", "photoshop", "Comment", "XML:com.adobe.xmp"} & image.info.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_metadata_is_removed_and_the_colour_profile_is_kept(kind):
    content = photo(kind)
    assert SECRET in content

    public = published(content)

    assert public.format == kind
    assert_is_clean(public.content)
    assert decoded(public.content).info["icc_profile"] == ICC_PROFILE
    assert decoded(public.content).size == (64, 48)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_an_upright_image_is_not_encoded_again(kind):
    content = photo(kind)

    public = published(content)

    assert decoded(public.content).tobytes() == decoded(content).tobytes()
    assert len(content) - 2_000 < len(public.content) < len(content)
    assert published(public.content) == public, "an image without metadata must stay as it is"


@pytest.mark.parametrize("kind", [*KINDS, "GIF"])
def test_an_image_without_metadata_stays_as_it_is(kind):
    content = animation(kind, frames=1)

    assert published(content).content == content


@pytest.mark.parametrize("orientation", range(2, 9))
@pytest.mark.parametrize("kind", KINDS)
def test_the_orientation_is_applied(kind, orientation):
    content = photo(kind, orientation)

    public = published(content)

    upright = ImageOps.exif_transpose(decoded(content)).convert("RGB")
    assert_is_clean(public.content)
    assert decoded(public.content).info["icc_profile"] == ICC_PROFILE
    assert decoded(public.content).size == upright.size == ((48, 64) if orientation > 4 else (64, 48))
    assert difference(decoded(public.content).convert("RGB"), upright) < 4


def difference(one, other):
    """The largest difference of two images near their corners."""
    spots = [(x, y) for x in (4, one.width - 5) for y in (4, one.height - 5)]
    return max(abs(a - b) for spot in spots for a, b in zip(one.getpixel(spot), other.getpixel(spot), strict=True))


def test_a_turned_jpeg_keeps_its_quality():
    noise = Image.effect_noise((600, 400), 60).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = 6
    sizes = {}
    for quality in (30, 95):
        buffer = BytesIO()
        noise.save(buffer, "JPEG", quality=quality, exif=exif)
        sizes[quality] = len(published(buffer.getvalue()).content) / len(buffer.getvalue())

    assert all(0.9 < ratio < 1.1 for ratio in sizes.values()), sizes


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_a_png_of_each_mode_is_turned(mode):
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = BytesIO()
    Image.new(mode, (8, 4)).save(buffer, "PNG", exif=exif)

    public = published(buffer.getvalue())

    assert decoded(public.content).size == (4, 8)
    assert decoded(public.content).mode == decoded(buffer.getvalue()).mode


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_a_jpeg_of_each_mode_is_turned(mode):
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = BytesIO()
    Image.new(mode, (16, 8)).save(buffer, "JPEG", exif=exif)

    public = published(buffer.getvalue())

    assert decoded(public.content).size == (8, 16)
    assert decoded(public.content).mode == mode


def test_a_lossless_webp_stays_lossless_when_it_is_turned():
    exif = Image.Exif()
    exif[0x0112] = 3
    noise, buffer = Image.effect_noise((64, 48), 60).convert("RGB"), BytesIO()
    noise.save(buffer, "WEBP", lossless=True, exif=exif)

    assert decoded(published(buffer.getvalue()).content).tobytes() == noise.rotate(180).tobytes()


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "AVIF"])
def test_an_animation_keeps_its_frames_and_their_times(kind):
    content = animation(kind)

    public = published(content)

    assert list(frames_of(public.content)) == list(frames_of(content))
    assert len(list(frames_of(content))) == 3
    assert decoded(public.content).info.get("loop") == decoded(content).info.get("loop")


def test_comments_of_a_gif_are_removed():
    content = animation("GIF", comment=SECRET)
    xmp = b"!\xff\x0bXMP DataXMP" + b"\x0c" + SECRET + b"\0"
    content = content[:-1] + xmp + b"!\xfe\x0c" + SECRET + b"\0;" + SECRET
    assert content.count(SECRET) == 4

    public = published(content)

    assert SECRET not in public.content
    assert list(frames_of(public.content)) == list(frames_of(content))
    assert b"NETSCAPE2.0" in public.content, "an endless animation must stay endless"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_bytes_after_the_end_of_an_image_are_removed(kind):
    content = photo(kind) + b"appended " + SECRET

    assert SECRET not in published(content).content


def test_all_segments_of_a_jpeg_that_are_not_needed_are_removed():
    content = photo(progressive=True)
    segments = [
        b"\xff" + bytes([code]) + struct.pack(">H", len(SECRET) + 2) + SECRET for code in [*range(0xE0, 0xF0), 0xFE]
    ]
    thumbnail = b"\xff\xe0" + struct.pack(">H", 16 + 300) + b"JFIF\0\1\1\0\0\1\0\1\x0a\x0a" + (SECRET * 30)[:300]
    stuffed = content[:2] + thumbnail + b"".join(segments) + b"\xff" * 3 + content[2:]

    public = published(stuffed)

    assert SECRET not in public.content
    assert decoded(public.content).tobytes() == decoded(content).tobytes()


def test_only_the_first_picture_of_an_mpo_is_public():
    buffer, exif = BytesIO(), Image.Exif()
    exif[0x010E] = SECRET.decode()
    views = [Image.new("RGB", (64, 48), colour) for colour in ("red", "blue")]
    views[0].save(buffer, "MPO", save_all=True, append_images=views[1:], exif=exif)
    assert Image.open(buffer).format == "MPO"

    public = published(buffer.getvalue())

    assert_is_clean(public.content)
    assert decoded(public.content).format == "JPEG"
    assert public.content.count(b"\xff\xd8") == 1


def test_a_heic_becomes_an_upright_jpeg_with_its_colour_profile():
    assert SECRET[:6].upper() in HEIC.read_bytes()

    public = published(HEIC.read_bytes())

    image = decoded(public.content)
    assert (public.format, image.format, image.size) == ("JPEG", "JPEG", (48, 64))
    assert image.info["icc_profile"]
    assert b"SECRET" not in public.content and not dict(image.getexif())
    assert image.getpixel((24, 4))[1] < 20 and image.getpixel((24, 60))[1] > 235, "the red half must be at the top"


def test_a_transparent_heic_stays_transparent():
    public = published(TRANSPARENT_HEIC.read_bytes())

    assert public.format == "WEBP"
    assert decoded(public.content).getpixel((30, 20))[3] == 0


def test_damaged_exif_data_do_not_prevent_the_copy():
    buffer = BytesIO()
    Image.new("RGB", (64, 48)).save(buffer, "JPEG", exif=b"Exif\0\0MM\0*\xff\xff" + SECRET)

    assert SECRET not in published(buffer.getvalue()).content


@pytest.mark.parametrize("kind", [*KINDS, "GIF"])
def test_a_container_that_ends_anywhere_gives_a_copy_or_a_refusal(kind):
    content = animation("GIF") if kind == "GIF" else photo(kind)
    for end in range(30, len(content), 7):
        with suppress(CannotCopy):
            assert len(without_metadata(content[:end], kind)) <= end + 2
