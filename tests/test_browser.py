"""Tests in a real browser: login on a host with a port, uploads, content security policy, width of pages on a phone."""

import shutil

import pytest
from django.conf import settings
from PIL import Image
from playwright.sync_api import sync_playwright

from blogs.models import Post
from tenancy import lifecycle
from tests.support.accounts import PASSWORD

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chromium-browser"))), None)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed; on Debian, install the package chromium"),
]

EVERYTHING = """
# A heading inside

A paragraph with `code`, ~~strikes~~, a footnote[^1] and a very-long-word-{long}.

| a table | with | many | columns | that | does | not | fit | a | phone | at | all |
|---|---|---|---|---|---|---|---|---|---|---|---|
| 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 |

- [x] done
- [ ] open

```python
def a_line_that_is_much_too_long_for_a_phone(and_has_many, parameters_with, long_names): return "as code often is"
```

[^1]: The footnote.
""".format(long="x" * 200)


@pytest.fixture
def address(processes):
    """address(host, path): the URL at which a server process serves that host."""
    (process,) = processes(1)
    return lambda host, path="/": f"http://{host}:{process.port}{path}"


@pytest.fixture
def browse(monkeypatch):
    """browse(width=…, dark=…): open a page in a new browser context. Chromium resolves *.localhost to this machine."""
    # Playwright runs an event loop in this thread, so Django would refuse synchronous database access.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield lambda width=1280, dark=False: browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light"
        ).new_page()
        browser.close()


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
