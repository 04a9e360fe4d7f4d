"""Each site has a favicon, a touch icon and a picture for previews: from its logo, or from its colour and name."""

import time
from io import BytesIO

import pytest
from django.contrib.sites.models import Site
from django.core.files.base import ContentFile
from PIL import Image

from lib.icons import ICO_SIZES, PREVIEW_SIZE, Drawing, Logo
from tenancy import lifecycle
from tests.support.reading import read

ICON, TOUCH_ICON, PREVIEW = PATHS = ("/favicon.ico", "/apple-touch-icon.png", "/preview.png")


def opened(content):
    return Image.open(BytesIO(content))


def colours(content, size=(1, 1)):
    """The colours of the picture, after it was reduced to `size`."""
    return list(opened(content).convert("RGBA").resize(size, Image.Resampling.BOX).get_flattened_data())


def logo(colour, size=(60, 40), kind="PNG", mode="RGBA"):
    buffer = BytesIO()
    Image.new(mode, size, colour).save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.sqlite
def test_the_icons_of_a_site_without_a_logo_have_its_colour_and_initial(techblog, financeblog, visit):
    for path, kind, sizes in (
        (ICON, "image/x-icon", {(size, size) for size in ICO_SIZES}),
        (TOUCH_ICON, "image/png", {(180, 180)}),
        (PREVIEW, "image/png", {PREVIEW_SIZE}),
    ):
        response = visit(techblog, path)
        image = opened(response.content)
        assert (response.status_code, response["Content-Type"]) == (200, kind)
        assert set(image.info.get("sizes", {image.size})) == sizes
        assert image.convert("RGB").getpixel((1, 1)) == (0x0B, 0x6E, 0x4F)
        assert len(set(image.convert("RGB").get_flattened_data())) > 2, "it shows nothing but the colour"
        assert response.content != visit(financeblog, path).content


@pytest.mark.sqlite
def test_the_icons_are_drawn_once_and_come_from_the_page_cache(techblog, monkeypatch):
    for path in PATHS:
        assert [read("techblog.test", path).headers["X-Cache"] for _ in range(2)] == ["MISS", "HIT"]

    monkeypatch.setattr("blogs.pages.icons.Drawing", None)
    lifecycle.change_settings(techblog, {"tagline": "Another"}, by=None)
    for path in PATHS:
        assert read("techblog.test", path).headers["X-Cache"] == "MISS"


@pytest.mark.sqlite
def test_a_change_of_name_colour_or_logo_changes_the_icons(techblog, visit):
    seen = [visit(techblog, TOUCH_ICON).content]
    for change in (
        lambda: lifecycle.change_settings(techblog, {"accent": "#aa0000"}, by=None),
        lambda: Site.objects.filter(pk=techblog.pk).update(name="Another"),
        lambda: lifecycle.change_settings(techblog, {"logo": ContentFile(logo("#123456"), "logo.png")}, by=None),
    ):
        change()
        seen.append(visit(techblog, TOUCH_ICON).content)

    assert len(set(seen)) == len(seen)


@pytest.mark.sqlite
def test_the_icons_show_the_logo_of_the_own_site_only(techblog, financeblog, visit):
    lifecycle.change_settings(techblog, {"logo": ContentFile(logo("#ff0000"), "logo.png")}, by=None)
    before = visit(financeblog, ICON).content

    assert colours(visit(techblog, ICON).content, (3, 3))[4] == (255, 0, 0, 255)
    assert colours(visit(techblog, TOUCH_ICON).content, (3, 3))[4] == (255, 0, 0, 255)
    assert visit(financeblog, ICON).content == before


@pytest.mark.sqlite
def test_a_site_whose_logo_is_missing_gets_the_icons_of_its_name(techblog, visit):
    expected = visit(techblog, ICON).content
    lifecycle.change_settings(techblog, {"logo": ContentFile(logo("#ff0000"), "logo.png")}, by=None)
    techblog.settings.refresh_from_db()
    techblog.settings.logo.storage.delete(techblog.settings.logo.name)

    assert visit(techblog, ICON).content == expected


@pytest.mark.pure
@pytest.mark.parametrize("kind", ["PNG", "GIF", "JPEG", "WEBP", "AVIF"])
@pytest.mark.parametrize("size", [(1, 1), (300, 20), (20, 300), (2100, 2000)])
def test_a_logo_of_each_format_and_shape_becomes_square_icons(kind, size):
    content = logo("#ff0000", size, kind, "RGB")

    assert {opened(Logo(content).favicon()).size, opened(Logo(content).touch_icon()).size} == {(48, 48), (180, 180)}


@pytest.mark.pure
@pytest.mark.parametrize(("colour", "background"), [("#ffffff80", "#1a1a1a"), ("#101010", "#ffffff")])
def test_the_touch_icon_of_a_light_logo_has_a_dark_background(colour, background):
    icon = opened(Logo(logo(colour)).touch_icon())

    assert icon.mode == "RGB"
    assert "#{:02x}{:02x}{:02x}".format(*icon.getpixel((1, 1))) == background


@pytest.mark.pure
@pytest.mark.parametrize("colour", ["#ffffff", "#000000", "#0b6e4f", "#ffd700"])
@pytest.mark.parametrize("name", ["Techblog", "Élan", "数据库", "مدونة", "  ", "🦊", "x" * 200, "Many words " * 20, ""])
def test_every_name_and_colour_gives_pictures_that_show_something(name, colour):
    drawing = Drawing(colour, name)

    for content in (drawing.favicon(), drawing.touch_icon(), drawing.preview()):
        shown = [sum(pixel[:3]) for pixel in colours(content, (60, 40))]
        assert max(shown) - min(shown) > 100
        assert len(content) < 60_000


@pytest.mark.pure
@pytest.mark.parametrize("letters", ["AB", "ÉŁ", "ЖД", "ΩΣ", "ğı"])
def test_the_icons_of_two_initials_in_latin_greek_and_cyrillic_differ(letters):
    first, second = (Drawing("#0b6e4f", letter).touch_icon() for letter in letters)

    assert first != second
    assert Drawing("#0b6e4f", "数").touch_icon() not in (first, second)


@pytest.mark.pure
def test_drawing_takes_less_than_three_tenths_of_a_second():
    began = time.process_time()
    for number in range(3):
        Drawing("#0b6e4f", f"Blog number {number}").preview()

    assert time.process_time() - began < 0.3 * 3
