"""What only a real browser shows: the login with a port in the address, the policy of contents, the fit on a phone."""

import shutil

import pytest
from django.conf import settings
from playwright.sync_api import sync_playwright

from tenancy import lifecycle
from tests.support.accounts import PASSWORD

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chromium-browser"))), None)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: install Debian's package chromium"),
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
    """address(host, path): where the real server process serves that host."""
    (process,) = processes(1)
    return lambda host, path="/": f"http://{host}:{process.port}{path}"


@pytest.fixture
def browse(monkeypatch):
    """browse(width=…, dark=…): a page of a browser that has never been anywhere. *.localhost is this machine to it."""
    # Playwright keeps an event loop in this thread, which Django takes for a view that must not wait.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield lambda width=1280, dark=False: browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light"
        ).new_page()
        browser.close()


def test_somebody_logs_in_to_the_admin_at_its_port_and_out_again(techblog, editor, address, browse):
    page = browse()
    page.goto(address(settings.ADMIN_HOST))
    page.fill("input[name=username]", editor.email)
    page.fill("input[name=password]", "wrong")
    page.click("[type=submit]")
    assert "Please enter the e-mail and the password" in page.inner_text("body")

    page.fill("input[name=username]", editor.email)
    page.fill("input[name=password]", PASSWORD)
    page.click("[type=submit]")
    assert page.url == address(settings.ADMIN_HOST)
    assert "Posts" in page.inner_text("body")
    (session,) = [cookie for cookie in page.context.cookies() if "session" in cookie["name"]]
    assert (session["domain"], session["httpOnly"]) == (settings.ADMIN_HOST, True)

    page.click("#logout-form button")
    page.goto(address(settings.ADMIN_HOST))
    assert page.locator("input[name=password]").count() == 1


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [320, 1280])
def test_pages_fit_the_screen_and_keep_their_own_policy(techblog, financeblog, publish, address, browse, width, dark):
    post = publish("Everything", on=techblog, body=EVERYTHING).post
    publish("", on=financeblog, post=post, slug="everything")
    lifecycle.rename(techblog, "techblog.localhost")
    lifecycle.rename(financeblog, "financeblog.localhost")
    page = browse(width, dark)
    complaints = []
    page.on("console", lambda message: complaints.append(message.text))

    for site in (techblog, financeblog):
        for path in ("/", "/everything/"):
            assert page.goto(address(site.domain, path)).status == 200
            assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{site} {path}"

    assert complaints == []
    assert page.context.cookies() == []
