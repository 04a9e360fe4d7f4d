"""Audio, video and captions for tests: small files with the structure of real ones and secret metadata."""

import struct

from django.core.files.base import ContentFile

SECRET = b"+52.5167+013.3833 Secret words"
SAMPLES = bytes(range(256)) * 4  # stands for encoded sound or pictures


def box(kind, *content):
    """A box of MP4."""
    joined = b"".join(content)
    return struct.pack(">I4s", len(joined) + 8, kind) + joined


def track(handler=b"vide", codec=b"avc1", size=(640, 360), scale=0x10000):
    """A track of MP4. A scale of 0 turns the pictures by 90°."""
    times = struct.pack(">4xII", 3_900_000_000, 3_900_000_001)
    matrix = struct.pack(">9i", scale, 0, 0, 0, scale, 0, 0, 0, 0x40000000)
    width, height = (number << 16 for number in (size if handler == b"vide" else (0, 0)))
    header = box(b"tkhd", times, bytes(28), matrix, struct.pack(">II", width, height))
    names = box(b"hdlr", bytes(8), handler, bytes(12), SECRET, b"\0")
    codecs = box(b"stsd", struct.pack(">4xI", 1), box(codec, bytes(70)))
    media = box(b"mdia", box(b"mdhd", times, bytes(12)), names, box(b"minf", box(b"stbl", codecs)))
    return box(b"trak", header, media, box(b"udta", box(b"name", SECRET)))


def mp4(*tracks, brand=b"isom"):
    """The bytes of an MP4 with these tracks, or with sound and pictures."""
    times = struct.pack(">4xII", 3_900_000_000, 3_900_000_001)
    place = box(b"udta", box(b"\xa9xyz", SECRET))
    movie = box(b"moov", box(b"mvhd", times, bytes(88)), *(tracks or [track(), track(b"soun", b"mp4a")]), place)
    rest = box(b"mdat", SAMPLES), box(b"uuid", bytes(16), SECRET), box(b"free", SECRET)
    return b"".join([box(b"ftyp", brand, bytes(4), brand), movie, *rest])


def m4a():
    return mp4(track(b"soun", b"mp4a"), brand=b"M4A ")


def element(number, *content):
    """An element of WebM."""
    joined = b"".join(content)
    name = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return name + (len(joined) | 1 << 28).to_bytes(4, "big") + joined


def webm(kinds=((1, b"V_VP9"), (2, b"A_OPUS")), doc_type=b"webm", streamed=False):
    """The bytes of a WebM. A streamed one has no sizes of the segment and its clusters, as browsers record it."""
    tracks = [
        element(
            0xAE, element(0x83, bytes([kind])), element(0x86, codec),
            element(0xE0, element(0xB0, b"\x02\x80"), element(0xBA, b"\x01\x68")) if kind == 1 else b"",
        )
        for kind, codec in kinds
    ]  # fmt: skip
    cluster = element(0xE7, b"\0"), element(0xA3, SAMPLES)
    parts = [
        element(0xEC, SECRET),
        element(0x1549A966, element(0x2AD7B1, b"\x0f\x42\x40"), element(0x7BA9, SECRET), element(0x4461, SECRET[:8])),
        element(0x1654AE6B, *tracks),
        b"\x1f\x43\xb6\x75\xff" + b"".join(cluster) if streamed else element(0x1F43B675, *cluster),
        element(0x1254C367, SECRET),
        element(0x1941A469, SECRET),
    ]
    segment = b"\x18\x53\x80\x67\x01" + b"\xff" * 7 + b"".join(parts) if streamed else element(0x18538067, *parts)
    return element(0x1A45DFA3, element(0x4282, doc_type)) + segment


def ogg_page(number, packets, serial=7, is_continued=False):
    """A page of Ogg without its checksum. A packet of 255 bytes or a multiple of it is continued on the next page."""
    lengths = b"".join(
        b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255][: len(packet) % 255]) for packet in packets
    )
    header = struct.pack(
        "<4sBBqIIIB", b"OggS", 0, int(is_continued) | 2 * (number == 0), 0, serial, number, 0, len(lengths)
    )
    return header + lengths + b"".join(packets)


def ogg(codec=b"OpusHead", comments=b"OpusTags"):
    """The bytes of an Ogg with long comments, which continue on a second page."""
    tags = comments + struct.pack("<I", 4) + b"test" + struct.pack("<II", 1, 600) + SECRET * 20
    first, second = tags[: 255 * 2], tags[255 * 2 :][:200]
    pages = [ogg_page(0, [codec + bytes(11)]), ogg_page(1, [first]), ogg_page(2, [second], is_continued=True)]
    return b"".join([*pages, ogg_page(3, [SAMPLES[:200]])])


def mp3(frames=3):
    """The bytes of an MP3 with tags on both sides. Each frame has 417 bytes: 128 kbit/s, 44,100 Hz."""
    tag = b"ID3\x04\0\0" + bytes([0, 0, 1, 0]) + SECRET.ljust(128, b"\0")
    frame = b"\xff\xfb\x90\0" + SAMPLES[:413]
    ape = SECRET.ljust(64, b"\0") + b"APETAGEX" + struct.pack("<III", 2000, 96, 1) + bytes(12)
    return tag + frame * frames + ape + b"TAG" + SECRET.ljust(125, b"\0")


def wav(codec=1):
    """The bytes of a WAV, with its name before the sound and more after it."""
    chunks = [
        b"fmt " + struct.pack("<IHHIIHH", 16, codec, 1, 8000, 8000, 1, 8),
        b"LIST" + struct.pack("<I", len(SECRET) + 4) + b"INFO" + SECRET,
        b"data" + struct.pack("<I", len(SAMPLES)) + SAMPLES,
        b"id3 " + struct.pack("<I", len(SECRET)) + SECRET,
    ]
    content = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(content)) + content


def captions(newline="\n"):
    blocks = [
        "WEBVTT",
        f"NOTE {SECRET.decode()}\n{SECRET.decode()}",
        "00:00.000 --> 00:02.000\nHello.",
        f"NOTE {SECRET.decode()}",
    ]
    return "\n\n".join(blocks).replace("\n", newline).encode()


# suffix → bytes
FILES = {
    ".mp4": mp4(),
    ".m4a": m4a(),
    ".webm": webm(),
    ".weba": webm([(2, b"A_OPUS")]),
    ".ogg": ogg(),
    ".mp3": mp3(),
    ".wav": wav(),
    ".vtt": captions(),
}


def recording(suffix=".mp4"):
    """An uploaded file of this type. Its name says nothing about the type."""
    return ContentFile(FILES[suffix], "upload")
