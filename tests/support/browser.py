"""A real Chromium for tests."""

import shutil
from contextlib import contextmanager

import pytest
from playwright.sync_api import sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chromium-browser"))), None)

needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="Chromium is not installed; on Debian, install the package chromium"
)


@contextmanager
def browsing():
    """Yields browse(width=…, dark=…), which opens a page in a new browser context.

    Chromium resolves *.localhost to this machine.
    """
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright runs an event loop in this thread, so Django would refuse synchronous database access.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield lambda width=1280, dark=False: browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light"
        ).new_page()
        browser.close()
