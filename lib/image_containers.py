"""Removes metadata from the container of an image and leaves the compressed pixels as they are.

Each function copies the parts that decoders need for the pixels and for their colours. It leaves out all other parts,
also unknown ones, and everything after the end of the image: phones append videos and second pictures there. The
libraries that edit metadata remove only the kinds they know (docs/decisions/public-images.md).
"""

import re
import struct
from collections.abc import Iterator
from itertools import chain

# The markers of JPEG that have no length: TEM, RST0 to RST7 and SOI.
_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD9)}
_SOS, _EOI, _COM = 0xDA, 0xD9, 0xFE
_APP = range(0xE0, 0xF0)
_MARKER = re.compile(rb"\xff+([^\x00\xff])")
# In the data of a scan, FF00 is a byte of data and FFD0 to FFD7 are restart markers.
_END_OF_SCAN = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_CHUNKS = {
    *(b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"bKGD", b"pHYs", b"sBIT"),
    *(b"acTL", b"fcTL", b"fdAT"),  # animation
    *(b"cHRM", b"cICP", b"gAMA", b"iCCP", b"sRGB", b"mDCV", b"cLLI"),  # colours
}

_WEBP_CHUNKS = {b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"}
_WEBP_FLAGS_OF_METADATA = 0x08 | 0x04  # EXIF and XMP

_GIF_GRAPHIC_CONTROL, _GIF_APPLICATION = 0xF9, 0xFF
_GIF_APPLICATIONS = {b"NETSCAPE2.0", b"ANIMEXTS1.0", b"ICCRGBG1012"}  # two names of the loop count; the colour profile

_AVIF_FOLDERS = {b"meta", b"iprp", b"ipco", b"moov", b"trak", b"mdia", b"minf", b"stbl", b"dinf", b"edts"}
_AVIF_BOXES = {
    *(b"ftyp", b"mdat", b"hdlr", b"pitm", b"iloc", b"iinf", b"iref", b"ipma", b"idat", b"grpl"),
    *(b"ispe", b"pixi", b"av1C", b"auxC", b"colr", b"pasp", b"clli", b"mdcv", b"a1op", b"lsel", b"a1lx"),
    *(b"mvhd", b"tkhd", b"elst", b"tref", b"mdhd", b"vmhd", b"nmhd", b"dref"),
    *(b"stsd", b"stts", b"stsc", b"stsz", b"stco", b"co64", b"stss", b"sgpd", b"sbgp", b"ctts"),
}
_AVIF_ITEM = re.compile(rb"infe(?:\x02.{7}|\x03.{9})?(.{4})", re.DOTALL)  # the kind of an item, in versions 2 and 3
_AVIF_ITEMS = {b"av01", b"grid"}


class CannotCopy(ValueError):
    """The metadata cannot be removed without encoding the pixels again."""


def without_metadata(content: bytes, image_format: str) -> bytes:
    """The image without metadata. `image_format` is Pillow's name of its format. Raises CannotCopy."""
    copy = {"AVIF": _avif, "GIF": _gif, "JPEG": _jpeg, "MPO": _jpeg, "PNG": _png, "WEBP": _webp}[image_format]
    try:
        return b"".join(copy(content))
    except (IndexError, struct.error) as error:
        raise CannotCopy(f"The {image_format} ends within one of its parts.") from error


def _jpeg(content: bytes) -> Iterator[bytes]:
    position = 0
    while marker := _MARKER.search(content, position):
        code, position = marker[1][0], marker.end()
        if code in _WITHOUT_LENGTH:
            yield b"\xff" + marker[1]
            continue
        if code == _EOI:
            break
        (length,) = struct.unpack_from(">H", content, position)
        segment, position = content[position + 2 : position + length], position + length
        kept = _jpeg_segment(code, segment)
        if kept is not None:
            yield b"\xff" + marker[1] + struct.pack(">H", len(kept) + 2) + kept
        if code == _SOS:
            end = _END_OF_SCAN.search(content, position)
            begin, position = position, end.start() if end else len(content)
            yield content[begin:position]
    yield b"\xff\xd9"


def _jpeg_segment(code: int, segment: bytes) -> bytes | None:
    """The part of a segment that is kept, or None."""
    if code not in _APP and code != _COM:
        return segment
    if code == 0xE0 and segment.startswith(b"JFIF\0"):
        return segment[:12] + b"\0\0"  # without the thumbnail
    if code == 0xE2 and segment.startswith(b"ICC_PROFILE\0"):
        return segment
    if code == 0xEE and segment.startswith(b"Adobe"):  # tells how the colours are encoded
        return segment[:12]
    return None


def _png(content: bytes) -> Iterator[bytes]:
    yield _PNG_SIGNATURE
    position = len(_PNG_SIGNATURE)
    while position < len(content):
        length, kind = struct.unpack_from(">I4s", content, position)
        end = position + length + 12
        if kind in _PNG_CHUNKS:
            yield content[position:end]
        if kind == b"IEND":
            return
        position = end


def _webp(content: bytes) -> Iterator[bytes]:
    chunks = b"".join(_webp_chunks(content))
    yield b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + chunks


def _webp_chunks(content: bytes) -> Iterator[bytes]:
    (size,) = struct.unpack_from("<I", content, 4)
    position, end = 12, min(len(content), size + 8)
    while position < end:
        kind, length = struct.unpack_from("<4sI", content, position)
        after = position + 8 + length + length % 2
        if kind == b"VP8X":
            flags = content[position + 8] & ~_WEBP_FLAGS_OF_METADATA
            yield content[position : position + 8] + bytes([flags]) + content[position + 9 : after]
        elif kind in _WEBP_CHUNKS:
            yield content[position:after]
        position = after


def _gif(content: bytes) -> Iterator[bytes]:
    position = 13 + _gif_colours(content[10])
    yield content[:position]
    while position < len(content) and content[position] != ord(";"):
        begin, kind = position, content[position]
        if kind == ord(","):
            position = _gif_blocks_end(content, begin + 11 + _gif_colours(content[begin + 9]))
            is_kept = True
        elif kind == ord("!"):
            position = _gif_blocks_end(content, begin + 2)
            label, name = content[begin + 1], content[begin + 3 : begin + 14]
            is_kept = label == _GIF_GRAPHIC_CONTROL or (label == _GIF_APPLICATION and name in _GIF_APPLICATIONS)
        else:
            break
        if is_kept:
            yield content[begin:position]
    yield b";"


def _gif_colours(flags: int) -> int:
    """The bytes of the colour table that these flags announce."""
    return 3 * 2 ** (flags % 8 + 1) if flags & 0x80 else 0


def _gif_blocks_end(content: bytes, position: int) -> int:
    while length := content[position]:
        position += length + 1
    return position + 1


def _avif(content: bytes) -> Iterator[bytes]:
    """The same bytes. The positions in an AVIF are absolute, so that no part can be left out."""
    boxes = set(chain.from_iterable(_avif_boxes(content, 0, len(content))))
    items = {item[1] for item in _AVIF_ITEM.finditer(content)}
    if refused := (boxes - _AVIF_BOXES - _AVIF_FOLDERS) | (items - _AVIF_ITEMS):
        raise CannotCopy(f"The AVIF has metadata or unknown parts: {sorted(refused)}.")
    yield content


def _avif_boxes(content: bytes, position: int, end: int) -> Iterator[set[bytes]]:
    while position < end:
        length, kind = struct.unpack_from(">I4s", content, position)
        if not 8 <= length <= end - position:  # also 0, "until the end", and 1, "the length has 64 bits"
            raise CannotCopy(f"The box {kind!r} of the AVIF has the length {length}.")
        yield {kind}
        if kind in _AVIF_FOLDERS:
            begin = position + (12 if kind == b"meta" else 8)  # only `meta` has a version and flags
            yield from _avif_boxes(content, begin, position + length)
        position += length
