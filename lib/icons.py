"""Draws the icons of a site and the picture for previews of its links: from its logo, or from a colour and a name."""

import io
import warnings
from itertools import takewhile

from font_source_sans_pro import font_files_ttf
from PIL import Image, ImageDraw, ImageFont, ImageStat

from lib.images import opened

ICO_SIZES = (16, 32, 48)
TOUCH_ICON_SIZE = 180
PREVIEW_SIZE = (1200, 630)

_DRAWN = 192  # Pixels. Smaller icons are reduced from this size.
_LARGE = 4_000_000  # pixels
_MARGIN = 0.08  # of the touch icon, on each side of a logo
_LIGHT, _DARK = "#ffffff", "#1a1a1a"
_LIGHT_FROM = 170  # the mean brightness from which a logo needs a dark background
_PREVIEW_FONT_SIZES = range(120, 48, -8)
_MAX_LINES = 4


class Drawing:
    """The icons of a site without a logo: the initial of its name, or lines of text if the font lacks the letter."""

    def __init__(self, colour: str, name: str) -> None:
        self._colour, self._name = colour, name
        self._ink = _LIGHT if _contrast_with_white(colour) >= 4.5 else _DARK

    def favicon(self) -> bytes:
        return _ico(self._icon(_DRAWN))

    def touch_icon(self) -> bytes:
        return _png(self._icon(TOUCH_ICON_SIZE))

    def preview(self) -> bytes:
        """The name on the colour, in PREVIEW_SIZE."""
        image = Image.new("RGB", PREVIEW_SIZE, self._colour)
        draw = ImageDraw.Draw(image)
        middle = PREVIEW_SIZE[0] / 2, PREVIEW_SIZE[1] / 2
        for size in _PREVIEW_FONT_SIZES:
            font = _font(size)
            if not _can_write(font, self._name):
                break
            text = _wrapped(self._name, font, PREVIEW_SIZE[0] * 0.84)
            if text is not None:
                draw.multiline_text(middle, text, self._ink, font, anchor="mm", align="center", spacing=size * 0.3)
                return _png(image)
        icon = self._icon(PREVIEW_SIZE[1])
        image.paste(icon, ((PREVIEW_SIZE[0] - PREVIEW_SIZE[1]) // 2, 0))
        return _png(image)

    def _icon(self, size: int) -> Image.Image:
        image = Image.new("RGB", (size, size), self._colour)
        draw = ImageDraw.Draw(image)
        font = _font(size * 0.68)
        initial = next((character.upper() for character in self._name if character.isalnum()), "")
        if initial and _can_write(font, initial):
            draw.text((size / 2, size / 2), initial, self._ink, font, anchor="mm")
        else:
            for number, width in enumerate((0.56, 0.56, 0.34)):
                top = size * (0.26 + 0.18 * number)
                draw.rectangle((size * 0.22, top, size * (0.22 + width), top + size * 0.11), self._ink)
        return image


class Logo:
    """The icons of a site with a logo. Raises one of lib.images.DECODING_ERRORS for a damaged file."""

    def __init__(self, content: bytes) -> None:
        # Pillow warns of damaged metadata.
        with warnings.catch_warnings(action="ignore"), opened(io.BytesIO(content)) as image:
            if image.width * image.height > _LARGE:  # converting it would take much memory
                image.draft("RGB", (_DRAWN, _DRAWN))
                image.thumbnail((4 * _DRAWN, 4 * _DRAWN))
            self._image = image.convert("RGBA")

    def favicon(self) -> bytes:
        return _ico(self._fitted(_DRAWN, 0.0))

    def touch_icon(self) -> bytes:
        """On a background, because phones show transparent parts in black."""
        logo = self._fitted(TOUCH_ICON_SIZE, _MARGIN)
        brightness = ImageStat.Stat(logo.convert("L"), mask=logo.getchannel("A")).mean[0]
        image = Image.new("RGBA", logo.size, _DARK if brightness >= _LIGHT_FROM else _LIGHT)
        image.alpha_composite(logo)
        return _png(image.convert("RGB"))

    def _fitted(self, size: int, margin: float) -> Image.Image:
        inner = round(size * (1 - 2 * margin))
        scale = min(inner / self._image.width, inner / self._image.height)
        width, height = (max(1, round(length * scale)) for length in self._image.size)
        square = Image.new("RGBA", (size, size))
        square.paste(self._image.resize((width, height)), ((size - width) // 2, (size - height) // 2))
        return square


def _font(size: float) -> ImageFont.FreeTypeFont:
    """A font for Latin, Greek and Cyrillic letters. Pillow's own font has letters without accents only."""
    return ImageFont.truetype(font_files_ttf["SourceSansProSemibold"], size)


def _wrapped(text: str, font: ImageFont.FreeTypeFont, width: float) -> str | None:
    """The text in lines of at most this width. None if a word is wider or if there are too many lines."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    fits = len(lines) <= _MAX_LINES and all(font.getlength(line) <= width for line in lines)
    return "\n".join(lines) if fits and lines[0] else None


def _can_write(font: ImageFont.FreeTypeFont, text: str) -> bool:
    """Whether the font has each character. It draws all others with the same sign."""
    missing = bytes(font.getmask("\U0010fffd"))
    known = takewhile(lambda character: character.isspace() or bytes(font.getmask(character)) != missing, text)
    return len(list(known)) == len(text)


def _contrast_with_white(colour: str) -> float:
    """The contrast by WCAG 2 of white with a colour such as #0b6e4f."""
    red, green, blue = (_linear(int(colour[start : start + 2], 16) / 255) for start in (1, 3, 5))
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _ico(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "ICO", sizes=[(size, size) for size in ICO_SIZES])
    return buffer.getvalue()
