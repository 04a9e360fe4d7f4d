"""Audio, video and captions: the type of a file by its content, and its copy without metadata.

    file → media_format → one of mp4, webm, ogg, mp3, wav, webvtt → Parsed → public_copy

Each parser walks the container and leaves the encoded sound and pictures as they are. docs/decisions/media-files.md
says why no library does this.
"""

import os
import struct
from collections.abc import Callable
from typing import IO, NamedTuple

from django.core.exceptions import ValidationError
from django.core.files.base import File

from lib.media_files import mp3, mp4, ogg, wav, webm, webvtt
from lib.media_files.parts import Parsed, PublicCopy, Refused, Source

CONTENT_TYPES = {
    ".m4a": "audio/mp4",
    ".mp3": "audio/mpeg",
    ".mp4": "video/mp4",
    ".ogg": "audio/ogg",
    ".vtt": "text/vtt; charset=utf-8",
    ".wav": "audio/wav",
    ".weba": "audio/webm",
    ".webm": "video/webm",
}
VIDEO, AUDIO, CAPTIONS = "video", "audio", "captions"


class _Parser(NamedTuple):
    is_of_type: Callable[[bytes], bool]  # takes the first bytes of the file
    parse: Callable[[Source], Parsed]


# MP3 is last: it has no signature, so its parser searches for frames.
_PARSERS = (
    _Parser(mp4.is_mp4, mp4.parse),
    _Parser(webm.is_webm, webm.parse),
    _Parser(ogg.is_ogg, ogg.parse),
    _Parser(wav.is_wav, wav.parse),
    _Parser(webvtt.is_webvtt, webvtt.parse),
    _Parser(mp3.is_mp3, mp3.parse),
)
_UNKNOWN = (
    "The file is not audio, video or captions that browsers play. Upload an MP4 with H.264, a WebM, an MP3, M4A, Ogg or"
    " WAV, or captions as WebVTT."
)


def media_format(file: "IO[bytes] | File[bytes]", max_bytes: int) -> Parsed:
    """The type of a file, found by its content, with the edits that remove its metadata.

    Raises ValidationError for a refused file. The result is kept at an uploaded file, so that storing the file after
    its validation does not parse it again.
    """
    if isinstance(known := getattr(file, "parsed_media", None), Parsed):
        return known
    size = file.seek(0, os.SEEK_END)
    if size > max_bytes:
        raise ValidationError(too_many_bytes(f"{size:,}", max_bytes))
    parsed = _parsed(file, size)
    file.seek(0)
    if isinstance(file, File):
        setattr(file, "parsed_media", parsed)  # noqa: B010  # the class does not declare this attribute
    return parsed


def _parsed(file: "IO[bytes] | File[bytes]", size: int) -> Parsed:
    source = Source(file, size)
    head = source.read(0, 64)
    try:
        for parser in _PARSERS:
            if parser.is_of_type(head):
                return parser.parse(source)
    except Refused as error:
        raise ValidationError(str(error)) from error
    except (IndexError, struct.error, UnicodeDecodeError) as error:
        raise ValidationError("The file is damaged or incomplete. Export it again.") from error
    raise ValidationError(_UNKNOWN)


def too_many_bytes(size: str, max_bytes: int) -> str:
    """The message for a file with this number of bytes. The browser fills the number in for a file it does not send."""
    return f"The file has {size} bytes; at most {max_bytes:,} are allowed. Reduce its resolution or its bit rate."


def public_copy(file: "File[bytes]", parsed: Parsed) -> "File[bytes]":
    """The file as readers get it, without metadata."""
    return PublicCopy(file, parsed.edits)


def kind_of(suffix: str) -> str:
    """VIDEO, AUDIO or CAPTIONS for a suffix of CONTENT_TYPES; "" for other suffixes."""
    content_type = CONTENT_TYPES.get(suffix, "")
    return CAPTIONS if content_type.startswith("text/") else content_type.partition("/")[0]
