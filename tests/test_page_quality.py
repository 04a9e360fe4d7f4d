"""Validators find nothing on any kind of page in any theme: vnu in the HTML, axe and Lighthouse in a browser."""

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone

from blogs.models import Author, Image, Tag
from blogs.models.redirects import Redirect
from tenancy import lifecycle
from tenancy.themes import theme_names
from tests.support.browser import browsing, needs_chromium
from tests.support.pages import EVERYTHING
from tests.support.pictures import picture
from tests.support.validators import lighthouse, needs_lighthouse, needs_vnu, vnu

NAME = "Bücher & <Rest>"
STATUSES = {
    "/": 200,
    "/?before={oldest_listed}": 200,
    "/everything/": 200,
    "/plain/": 200,
    "/about/": 200,
    "/tag/books/": 200,
    "/author/ada/": 200,
    "/{month}/": 200,
    "/none/": 404,
    "/gone/": 410,
    "/-/": 404,
}


@pytest.fixture(params=zip(theme_names(), ["en", "ar", "eo"], strict=False), ids="-".join)
def site(request, installation):
    """One site for each theme. The languages include one from right to left."""
    theme, language = request.param
    return lifecycle.create(
        "quality.localhost",
        NAME,
        theme=theme,
        language=language,
        tagline="Words & more",
        posts_per_page=2,
        by=None,
    )


@pytest.fixture
def paths(site, publish):
    """Paths of all kinds of pages, with their status."""
    cover = Image.objects.create(site=site, file=picture(1200, 800))
    begin = timezone.now() - timedelta(days=3)
    everything = publish(
        "Everything", on=site, body=EVERYTHING, excerpt="All & more.", cover=cover, cover_alt="A room", pinned=True
    )
    plain = publish("Plain", on=site, at=begin)
    oldest = publish("Oldest", on=site, at=begin - timedelta(minutes=1))
    publish("About", on=site, kind="page", pinned=True)
    ada = Author.objects.create(site=site, slug="ada", name="Ada & Co", bio="Wrote the first program.")
    books = Tag.objects.create(site=site, slug="books", name="Books & more")
    for placement in (everything, plain, oldest):
        placement.post.authors.add(ada)
        placement.post.tags.add(books)
    Redirect.objects.create(site=site, old_path="/gone/", new_path="")
    values = {"oldest_listed": plain.pk, "month": f"{begin:%Y/%m}"}
    return {path.format(**values): status for path, status in STATUSES.items()}


@needs_vnu
@pytest.mark.pure
def test_vnu_reports_an_error_and_a_warning(tmp_path):
    (tmp_path / "wrong.html").write_text('<!doctype html><title>x</title><img src="a b.png" alt="">')

    assert len(vnu(tmp_path)) == 2


@needs_vnu
def test_vnu_finds_nothing_on_any_kind_of_page(site, paths, visit, tmp_path):
    def save(name, response):
        (tmp_path / f"{name}.html").write_bytes(response.content)

    for number, (path, status) in enumerate(paths.items()):
        response = visit(site, path)
        assert response.status_code == status, path
        save(f"{number}-{path.strip('/').replace('/', '-').replace('?', '')}", response)
    save("unknown-host", visit("unknown.test"))
    lifecycle.suspend(site, by=None)
    save("suspended", visit(site))

    assert vnu(tmp_path) == []


@pytest.mark.browser
@needs_chromium
@pytest.mark.parametrize(("width", "dark"), [(375, False), (1280, True)])
def test_axe_finds_nothing_on_any_kind_of_page(site, paths, processes, width, dark):
    (process,) = processes(1)
    axe, found = Axe(), []
    with browsing() as browse:
        page = browse(width, dark)
        for path, status in paths.items():
            assert page.goto(f"http://{site.domain}:{process.port}{path}").status == status
            for violation in axe.run(page).response["violations"]:
                targets = [node["html"][:200] for node in violation["nodes"]]
                found.append(f"{path}: {violation['id']}: {violation['help']} {targets}")

    assert found == []


@pytest.mark.browser
@needs_lighthouse
def test_lighthouse_gives_the_full_score_on_the_home_page_and_a_post(site, paths, processes):
    assert_full_score(site, processes, "accessibility", "best-practices", "seo")


@pytest.mark.long  # other processes on the machine change the score
@pytest.mark.browser
@needs_lighthouse
def test_lighthouse_gives_the_full_score_for_performance(site, paths, processes):
    assert_full_score(site, processes, "performance")


def assert_full_score(site, processes, *categories):
    (process,) = processes(1)
    for path in ("/", "/everything/"):
        scores = lighthouse(f"http://{site.domain}:{process.port}{path}", *categories)
        assert {name: score for name, (score, _) in scores.items()} == dict.fromkeys(categories, 100), (path, scores)
