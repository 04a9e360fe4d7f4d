"""MP4 and M4A: ISO/IEC 14496-12.

The positions of samples are absolute, so no box is left out: a box that is not known to be needed becomes a `free` box
with NULs of the same length. Cameras write places and names to `udta`, `meta` and `uuid`. A track that is neither
sound, pictures nor text is refused, because its samples can be the positions of a camera.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from lib.media_files.parts import Edit, Parsed, Refused, Source

MAX_BOXES = 200_000
MAX_DEPTH = 10

_CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"mvex", b"edts", b"dinf", b"moof", b"traf", b"mfra"}
_BOXES = {
    *(b"ftyp", b"styp", b"mdat", b"sidx", b"ssix", b"pdin"),
    *(b"mvhd", b"iods", b"tkhd", b"tref", b"elst", b"mdhd", b"hdlr", b"vmhd", b"smhd", b"nmhd", b"sthd", b"gmhd"),
    *(b"dref", b"stsd", b"stts", b"ctts", b"cslg", b"stsc", b"stsz", b"stz2", b"stco", b"co64", b"stss", b"stsh"),
    *(b"sdtp", b"sbgp", b"sgpd", b"subs", b"saiz", b"saio", b"padb"),
    *(b"mehd", b"trex", b"leva", b"mfhd", b"tfhd", b"tfdt", b"trun", b"tfra", b"mfro"),
}
_TEXT = {b"text", b"sbtl", b"subt", b"clcp"}
_HANDLERS = {b"vide", b"soun", b"tmcd", b"hint", *_TEXT}  # tmcd: time codes
_CODECS = {
    *(b"avc1", b"avc3", b"av01", b"vp08", b"vp09"),
    *(b"mp4a", b"Opus", b"fLaC", b".mp3"),
    *(b"tx3g", b"wvtt", b"stpp", b"c608", b"text", b"tmcd", b"rtp "),
}
_REMEDY = "Convert it to an MP4 with H.264 and AAC."


class _Box(NamedTuple):
    kind: bytes
    start: int
    begin: int  # of the content
    end: int


def is_mp4(head: bytes) -> bool:
    """Whether the file begins with a file type box that is not one of an image."""
    return head[4:8] == b"ftyp" and head[8:12] not in (b"avif", b"avis", b"heic", b"heix", b"mif1", b"msf1")


def parse(source: Source) -> Parsed:
    if source.read(8, 4) == b"qt  ":
        raise Refused(f"This is a QuickTime movie, which not all browsers play. {_REMEDY}")
    edits: list[Edit] = []
    handlers: set[bytes] = set()
    codecs: set[bytes] = set()
    size: tuple[int, int] | None = None
    has_movie = False
    for box in _boxes(source):
        if box.kind in _CONTAINERS:
            has_movie = has_movie or box.kind == b"moov"
        elif box.kind not in _BOXES:
            edits += [Edit(box.start + 4, box.start + 8, b"free"), Edit(box.begin, box.end, is_filled=True)]
        elif box.kind in (b"mvhd", b"tkhd", b"mdhd"):
            edits.append(_without_times(source, box))
            size = size or (_size(source, box) if box.kind == b"tkhd" else None)
        elif box.kind == b"hdlr":
            handlers.add(source.read(box.begin + 8, 4))
            edits.append(Edit(min(box.begin + 24, box.end), box.end, is_filled=True))  # a name, often of the device
        elif box.kind == b"stsd":
            codecs |= _codecs(source.read(box.begin, box.end - box.begin))
    if not has_movie or not handlers & {b"vide", b"soun"}:
        raise Refused("The file is damaged or incomplete: it has no sound and no pictures. Export it again.")
    _refuse(handlers - _HANDLERS, "a track of the kind {}, which can contain the positions of the camera")
    _refuse(codecs - _CODECS, "a stream of the kind {}, which not all browsers play")
    is_video = b"vide" in handlers
    width, height = (size if is_video else None) or (None, None)
    return Parsed(".mp4" if is_video else ".m4a", edits, width, height)


def _refuse(found: set[bytes], what: str) -> None:
    if found:
        name = ascii(min(found).decode("latin-1")).strip("'")
        raise Refused(f"The file contains {what.format(name)}. {_REMEDY}")


def _boxes(source: Source) -> Iterator[_Box]:
    """All boxes in the order of the file, each container before its content."""
    stack = [(0, source.size)]
    count = 0
    while stack:
        position, end = stack.pop()
        if position >= end:
            continue
        length, kind = struct.unpack(">I4s", source.read(position, 8))
        begin = position + 8
        if length == 1:
            (length,) = struct.unpack(">Q", source.read(begin, 8))
            begin += 8
        elif length == 0 and not stack:  # up to the end of the file
            length = end - position
        count += 1
        if not begin - position <= length <= end - position or count > MAX_BOXES or len(stack) > MAX_DEPTH:
            raise Refused(f"The file is damaged or incomplete: a part of it has {length:,} bytes. Export it again.")
        box = _Box(kind, position, begin, position + length)
        stack.append((box.end, end))
        if kind in _CONTAINERS:
            stack.append((begin, box.end))
        yield box


def _without_times(source: Source, box: _Box) -> Edit:
    """NULs in place of the creation time and the modification time."""
    length = 16 if source.read(box.begin, 1) == b"\1" else 8
    return Edit(box.begin + 4, min(box.begin + 4 + length, box.end), is_filled=True)


def _size(source: Source, box: _Box) -> tuple[int, int] | None:
    """The width and height of a track in pixels. A track of sound has none."""
    content = source.read(box.begin, min(box.end - box.begin, 200))
    (scale,) = struct.unpack_from(">i", content, len(content) - 44)
    width, height = (number >> 16 for number in struct.unpack(">II", content[-8:]))
    if not 0 < width <= 20_000 or not 0 < height <= 20_000:
        return None
    return (height, width) if scale == 0 else (width, height)  # turned by 90°


def _codecs(content: bytes) -> set[bytes]:
    (count,) = struct.unpack_from(">I", content, 4)
    found, position = set(), 8
    for _ in range(min(count, 100)):
        length, kind = struct.unpack_from(">I4s", content, position)
        found.add(kind)
        position += max(length, 8)
    return found
