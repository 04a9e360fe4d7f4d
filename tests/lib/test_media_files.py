"""The type of audio, video and captions is found by content, and the public copy has no metadata."""

import random
import struct
from contextlib import suppress

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile

from lib import media_files
from lib.media_files.mp4 import MAX_BOXES
from lib.media_files.webm import MAX_ELEMENTS
from lib.media_files.webvtt import MAX_BYTES
from tests.support import recordings
from tests.support.recordings import FILES, SAMPLES, SECRET, box, captions, element, mp4, ogg, track, webm

pytestmark = pytest.mark.pure

LIMIT = 10_000_000


def parsed(content):
    return media_files.media_format(ContentFile(content, "upload"), LIMIT)


def copied(content):
    file = ContentFile(content, "upload")
    return b"".join(media_files.public_copy(file, media_files.media_format(file, LIMIT)).chunks())


@pytest.mark.parametrize("suffix", FILES)
def test_the_content_decides_the_type_and_the_copy_has_no_metadata(suffix):
    content = FILES[suffix]
    assert SECRET in content or suffix == ".ogg"

    public = copied(content)

    assert parsed(content).suffix == suffix
    assert b"Secret" not in public
    assert suffix == ".vtt" or SAMPLES[:200] in public
    assert parsed(public).suffix == suffix
    assert copied(public) == public


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_captions_lose_comments_with_each_kind_of_line_end_and_keep_their_cues(end):
    lines = [b"WEBVTT Secret", b"NOTE Secret", b"", b"NOTE", b"Secret", b"", b"1", b"00:00.000 --> 00:01.000", b"Words"]

    public = copied(end.join(lines))

    assert b"Secret" not in public
    assert public.startswith(b"WEBVTT" + end + end)
    assert public.endswith(end.join(lines[5:]))
    assert b"Words" in copied(end.join([b"WEBVTT", *lines[7:]]))


@pytest.mark.parametrize("suffix", [".mp4", ".m4a", ".webm", ".weba", ".ogg"])
def test_the_samples_of_a_container_with_absolute_positions_do_not_move(suffix):
    public = copied(FILES[suffix])

    assert len(public) == len(FILES[suffix])
    assert public.index(SAMPLES[:200]) == FILES[suffix].index(SAMPLES[:200])


def test_an_mp4_keeps_the_boxes_that_players_need_and_loses_the_times():
    public = copied(mp4())

    assert [public.count(kind) for kind in (b"udta", b"uuid", b"\xa9xyz", b"free")] == [0, 0, 0, 5]
    assert struct.pack(">I", 3_900_000_000) not in public
    assert b"avc1" in public and b"vide" in public


@pytest.mark.parametrize(
    ("content", "size"),
    [
        (mp4(), (640, 360)),
        (mp4(track(scale=0)), (360, 640)),
        (mp4(track(size=(0, 0))), (None, None)),
        (recordings.m4a(), (None, None)),
        (webm(), (640, 360)),
        (webm(streamed=True), (640, 360)),
    ],
)
def test_the_size_of_a_video_is_that_of_the_player(content, size):
    assert (parsed(content).width, parsed(content).height) == size


def test_a_large_box_and_one_up_to_the_end_of_the_file_are_read():
    head, samples = mp4().split(b"mdat")[0][:-4], SAMPLES * 2
    large = struct.pack(">I4sQ", 1, b"uuid", 16 + len(SECRET)) + SECRET
    content = head + large + struct.pack(">I4s", 0, b"mdat") + samples

    public = copied(content)

    assert SECRET not in public
    assert public.endswith(samples) and len(public) == len(content)


def test_a_streamed_webm_loses_its_tags():
    assert SECRET not in copied(webm(streamed=True))


def test_comments_of_captions_are_removed_with_each_kind_of_newline():
    for newline in ("\n", "\r\n"):
        public = copied(captions(newline)).decode()
        assert "Secret" not in public
        assert f"--> 00:02.000{newline}Hello." in public


REFUSED = {
    "a text": (b"words", "Upload an MP4 with H.264, a WebM, an MP3, M4A, Ogg or WAV, or captions as WebVTT"),
    "an empty file": (b"", "Upload an MP4"),
    "an image": (b"\x89PNG\r\n\x1a\n" + bytes(100), "Upload an MP4"),
    "a page": (b"<!doctype html><script>x()</script>", "Upload an MP4"),
    "a HEIC": (box(b"ftyp", b"heic", bytes(4)), "Upload an MP4"),
    "a QuickTime movie": (mp4(brand=b"qt  "), "QuickTime movie.*Convert it to an MP4"),
    "H.265": (mp4(track(codec=b"hvc1")), "stream of the kind hvc1, which not all browsers play"),
    "the positions of a camera": (mp4(track(), track(b"meta", b"gpmd")), "kind meta, which can contain the positions"),
    "an MP4 without a movie": (box(b"ftyp", b"isom", bytes(4)) + box(b"mdat", b"x"), "no sound and no pictures"),
    "a box that is too long": (mp4()[:-20], "damaged or incomplete"),
    "nested boxes": (box(b"ftyp", b"isom") + box(b"moov") * 3 + b"\0\0\0\x07moov", "a part of it has 7 bytes"),
    "Matroska": (webm(doc_type=b"matroska"), "Matroska file"),
    "H.264 in a WebM": (webm([(1, b"V_MPEG4/ISO/AVC")]), "stream of the kind V_MPEG4/ISO/AVC"),
    "a WebM with text only": (webm([(17, b"S_TEXT")]), "no sound and no pictures"),
    "Theora": (ogg(codec=b"\x80theora"), "neither Opus nor Vorbis alone"),
    "an Ogg of two streams": (
        recordings.ogg_page(0, [b"OpusHead" + bytes(11)]) + recordings.ogg_page(0, [b"OpusHead"], serial=8),
        "several streams",
    ),
    "an ID3 tag alone": (b"ID3\x04\0\0\0\0\0\x10" + bytes(16), "not an MP3, or it is damaged"),
    "a WAV with ADPCM": (recordings.wav(codec=2), "compressed in a way"),
    "captions in Latin-1": (b"WEBVTT\n\n\xe9", "not encoded in UTF-8"),
    "long captions": (b"WEBVTT\n\n" + b"x" * MAX_BYTES, "captions have 1,048,584 bytes; at most 1,048,576"),
}


@pytest.mark.parametrize("file", REFUSED)
def test_a_refusal_names_the_reason_and_the_remedy(file):
    content, message = REFUSED[file]

    with pytest.raises(ValidationError, match=message):
        parsed(content)


def test_a_file_that_is_too_large_is_refused_with_its_size_and_the_limit():
    with pytest.raises(ValidationError, match=r"has 1,234 bytes; at most 1,000 are allowed\. Reduce"):
        media_files.media_format(ContentFile(bytes(1_234)), 1_000)


@pytest.mark.parametrize("suffix", FILES)
def test_a_damaged_file_is_refused_or_read_and_never_fails_in_another_way(suffix):
    content = FILES[suffix]
    chance = random.Random(suffix)
    damaged = [content[:length] for length in range(0, len(content), 23)]
    for _ in range(200):
        changed = bytearray(content)
        for _ in range(3):
            changed[chance.randrange(min(400, len(content)))] = chance.randrange(256)
        damaged.append(bytes(changed))

    for each in damaged:
        with suppress(ValidationError):
            copied(each)


def test_many_boxes_are_refused():
    content = box(b"ftyp", b"isom", bytes(4)) + box(b"free") * (MAX_BOXES + 1)

    with pytest.raises(ValidationError, match="damaged or incomplete"):
        parsed(content)


@pytest.mark.parametrize("number", [0x1549A966, 0x1654AE6B])
def test_many_elements_within_an_element_are_refused(number):
    parts = element(number, b"\xbf\x80" * (MAX_ELEMENTS // 2))

    with pytest.raises(ValidationError, match="more than 500,000 parts"):
        parsed(element(0x1A45DFA3, element(0x4282, b"webm")) + element(0x18538067, parts, parts))
