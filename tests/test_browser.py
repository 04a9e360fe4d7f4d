"""Tests in a real browser: login on a host with a port, uploads, content security policy, width of pages on a phone."""

from io import BytesIO

import pytest
from django.conf import settings
from PIL import Image, ImageStat

from blogs.models import MediaFile, Post
from tenancy import lifecycle
from tenancy.themes import theme_names
from tests.support.accounts import PASSWORD
from tests.support.browser import browsing, needs_chromium
from tests.support.pages import EVERYTHING
from tests.support.recordings import FILES

pytestmark = [pytest.mark.browser, needs_chromium]

# Loads the audio of the page. The page itself has no script.
LOADED = """new Promise(resolve => {
  const audio = document.querySelector("audio");
  audio.onloadedmetadata = () => resolve("loaded");
  audio.onerror = () => resolve(audio.error.message);
  audio.preload = "metadata";
  audio.load();
})"""


@pytest.fixture
def address(processes):
    """address(host, path): the URL at which a server process serves that host."""
    (process,) = processes(1)
    return lambda host, path="/": f"http://{host}:{process.port}{path}"


@pytest.fixture
def browse():
    with browsing() as browse:
        yield browse


def test_an_editor_logs_in_to_the_admin_on_a_host_with_a_port_and_logs_out_again(techblog, editor, address, browse):
    page = browse()
    page.goto(address(settings.ADMIN_HOST))
    page.fill("input[name=username]", editor.email)
    page.fill("input[name=password]", "wrong")
    page.click("[type=submit]")
    assert "Enter the e-mail and password of an account" in page.inner_text("body")

    page.fill("input[name=username]", editor.email)
    page.fill("input[name=password]", PASSWORD)
    page.click("[type=submit]")
    assert page.url == address(settings.ADMIN_HOST)
    assert "Posts" in page.inner_text("body")
    (session,) = [cookie for cookie in page.context.cookies() if cookie["name"] == settings.SESSION_COOKIE_NAME]
    assert (session["domain"], session["httpOnly"]) == (settings.ADMIN_HOST, True)

    page.click("#logout-form button")
    page.goto(address(settings.ADMIN_HOST))
    assert page.locator("input[name=password]").count() == 1


def test_a_form_with_a_file_that_is_too_large_is_not_sent_and_keeps_everything_typed(
    techblog, editor, address, browse, tmp_path
):
    file, picture = tmp_path / "large.png", tmp_path / "small.png"
    file.write_bytes(bytes(13 * 1024 * 1024))  # more than a request may have
    Image.new("RGB", (40, 30)).save(picture)
    page = browse()
    page.goto(address(settings.ADMIN_HOST, "/blogs/post/add/"))
    page.fill("input[name=username]", editor.email)
    page.fill("input[name=password]", PASSWORD)
    page.click("[type=submit]")
    page.fill("[name=title]", "A title")
    page.fill("[name=body]", "Some text")
    page.fill("[name=cover_alt]", "A room")

    page.set_input_files("[name=new_cover]", file)
    page.click("[name=_save]")

    assert "The image has 13,631,488 bytes; at most 10,485,760 are allowed" in page.inner_text(".field-new_cover")
    assert page.input_value("[name=body]") == "Some text"
    page.set_input_files("[name=new_cover]", picture)
    assert "13,631,488" not in page.inner_text("body")
    page.click("[name=_save]")
    page.wait_for_url(address(settings.ADMIN_HOST, "/blogs/post/"))
    assert Post.objects.get(title="A title").cover is not None


def test_a_media_file_that_is_too_large_is_not_sent_and_a_smaller_one_plays(
    techblog, author, publish, processes, browse, tmp_path
):
    (process,) = processes(1, MEDIA_FILE_MB="1")
    large, small = tmp_path / "large.mp4", tmp_path / "small.wav"
    large.write_bytes(bytes(4 * 1024 * 1024))  # more than a request may have
    small.write_bytes(FILES[".wav"])
    page = browse()
    page.goto(f"http://{settings.ADMIN_HOST}:{process.port}/blogs/mediafile/add/")
    page.fill("input[name=username]", author.email)
    page.fill("input[name=password]", PASSWORD)
    page.click("[type=submit]")
    page.fill("[name=title]", "A talk")

    page.set_input_files("[name=file]", large)
    page.click("[name=_save]")

    assert "The file has 4,194,304 bytes; at most 1,048,576 are allowed" in page.inner_text(".field-file")
    assert page.input_value("[name=title]") == "A talk"
    page.set_input_files("[name=file]", small)
    page.click("[name=_save]")
    page.wait_for_url(f"http://{settings.ADMIN_HOST}:{process.port}/blogs/mediafile/")
    publish("Talk", on=techblog, body=f"![A talk]({MediaFile.objects.get().get_absolute_url()})")
    lifecycle.rename(techblog, "techblog.localhost", by=None)
    page.goto(f"http://techblog.localhost:{process.port}/talk/")
    assert page.get_attribute("audio", "aria-label") == "A talk"
    assert page.evaluate(LOADED) == "loaded"


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [320, 1280])
def test_pages_are_no_wider_than_the_screen_and_violate_no_security_policy(
    techblog, financeblog, publish, address, browse, width, dark
):
    post = publish("Everything", on=techblog, body=EVERYTHING).post
    publish("", on=financeblog, post=post, slug="everything")
    lifecycle.rename(techblog, "techblog.localhost", by=None)
    lifecycle.rename(financeblog, "financeblog.localhost", by=None)
    page = browse(width, dark)
    messages = []
    page.on("console", lambda message: messages.append(message.text))

    for site in (techblog, financeblog):
        for path in ("/", "/everything/"):
            assert page.goto(address(site.domain, path)).status == 200
            assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{site} {path}"

    assert messages == []
    assert page.context.cookies() == []


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("theme", theme_names())
def test_a_wide_table_and_wide_code_show_a_shadow_and_scroll_with_the_arrow_keys(
    techblog, publish, address, browse, theme, dark
):
    lifecycle.change_settings(techblog, {"theme": theme}, by=None)
    lifecycle.rename(techblog, "techblog.localhost", by=None)
    publish("Everything", on=techblog, body=EVERYTHING)
    page = browse(375, dark)
    page.goto(address("techblog.localhost", "/everything/"))

    for wide in (page.locator(".table-scroll").first, page.locator(".table-scroll").nth(1), page.locator("pre").first):
        assert wide.evaluate("element => element.scrollWidth > element.clientWidth")
        before = right_edge(wide)
        wide.focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_function("element => element.scrollLeft > 0", arg=wide.element_handle())
        assert wide.get_attribute("aria-label")
        wide.evaluate("element => { element.scrollLeft = element.scrollWidth }")
        page.wait_for_timeout(100)
        assert abs(before - right_edge(wide)) > 8, "no shadow at the side where more content is"


def right_edge(locator):
    """The brightness of the pixels at the right edge, at half of the height of the element without its text."""
    locator.evaluate("element => element.querySelectorAll('*').forEach(each => each.style.visibility = 'hidden')")
    image = Image.open(BytesIO(locator.screenshot())).convert("L")
    middle = image.height // 2
    return ImageStat.Stat(image.crop((image.width - 5, middle - 2, image.width - 2, middle + 2))).mean[0]
