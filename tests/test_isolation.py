"""No site ever sees another's things. The addresses come from the URL resolver: no new view can be forgotten."""

from datetime import timedelta

import pytest
from django.utils import timezone

from blogs.models import Author, Image, Placement, Tag
from tenancy import lifecycle
from tests.support.pictures import picture
from tests.support.public_urls import NAMES_WITH_ARGUMENTS, URL_NAMES, path_of

pytestmark = pytest.mark.sqlite


@pytest.fixture
def plant(publish):
    """plant("marker", on=site): a post all of whose parts carry the marker, published in a month of its own."""
    months = iter(range(1, 12))

    def plant(marker, *, on, at=...):
        cover = Image.objects.create(site=on, file=picture(), title=f"{marker}-image")
        when = timezone.now() - timedelta(days=70 * next(months)) if at is ... else at
        placement = publish(
            f"{marker}-title", on=on, slug=f"{marker}-slug", body=f"{marker}-body", excerpt=f"{marker}-excerpt",
            cover=cover, cover_alt=f"{marker}-alt", at=when,
        )  # fmt: skip
        placement.post.tags.add(Tag.objects.create(slug=f"{marker}-tag", name=f"{marker}-tag"))
        placement.post.authors.add(Author.objects.create(slug=f"{marker}-author", name=f"{marker}-author"))
        page = publish(f"{marker}-page", on=on, slug=f"{marker}-page", kind="page", pinned=True)
        assert page.pinned
        return placement

    return plant


@pytest.fixture
def alpha(installation):
    return lifecycle.create("alpha.test", "Alpha-name", tagline="Alpha-tagline", accent="#a1fa00")


@pytest.fixture
def beta(installation):
    return lifecycle.create("beta.test", "Beta-name", theme="broadsheet")


def told(answer):
    """All that an answer tells: its headers and its body."""
    body = b"".join(answer) if answer.streaming else answer.content
    return f"{answer.status_code} {sorted(answer.headers.items())} {body!r}".lower()


def test_a_post_is_served_only_on_the_sites_it_is_placed_on(techblog, financeblog, publish, visit):
    publish("Hello", on=techblog)

    assert visit(techblog, "/hello/").status_code == 200
    assert visit(financeblog, "/hello/").status_code == 404


@pytest.mark.parametrize("name", URL_NAMES)
def test_every_address_answers_on_its_own_site(alpha, plant, visit, name):
    placement = plant("alpha", on=alpha)

    assert visit(alpha, path_of(name, placement)).status_code == 200


@pytest.mark.parametrize("name", URL_NAMES)
def test_no_address_of_one_site_tells_anything_of_another(alpha, beta, plant, visit, name):
    foreign, own = plant("alpha", on=alpha), plant("beta", on=beta)

    for placement in (own, foreign):
        assert "alpha" not in told(visit(beta, path_of(name, placement))).replace(path_of(name, foreign), "")


@pytest.mark.parametrize("name", NAMES_WITH_ARGUMENTS)
def test_what_stands_on_another_site_is_as_unknown_as_what_never_was(alpha, beta, plant, visit, name):
    foreign, own = plant("alpha", on=alpha), plant("beta", on=beta)
    path = path_of(name, foreign)
    here = visit(beta, path)

    foreign.post.delete()
    Tag.objects.filter(slug="alpha-tag").delete()
    Author.objects.filter(slug="alpha-author").delete()
    never = visit(beta, path)

    assert here.status_code == 404
    assert told(here) == told(never)
    assert own.slug == "beta-slug"


def test_the_same_slug_on_two_sites_is_each_ones_own(techblog, financeblog, publish, visit):
    publish("Tech hello", on=techblog, slug="hello")
    publish("Finance hello", on=financeblog, slug="hello")

    for site, own, foreign in ((techblog, "Tech hello", "Finance hello"), (financeblog, "Finance hello", "Tech hello")):
        page = visit(site, "/hello/").content.decode()
        assert own in page
        assert foreign not in page


@pytest.mark.parametrize("name", URL_NAMES)
@pytest.mark.parametrize("when", ["draft", "scheduled", "withdrawn"])
def test_what_is_not_live_is_absent_everywhere(alpha, plant, visit, name, when):
    other = plant("other", on=alpha)
    hidden = plant("hidden", on=alpha, at=timezone.now() + timedelta(days=1) if when == "scheduled" else None)
    if when == "withdrawn":
        Placement.objects.filter(pk=hidden.pk).update(published_at=timezone.now())
        assert visit(alpha, "/hidden-slug/").status_code == 200
        Placement.objects.filter(pk=hidden.pk).update(published_at=None)
    hidden.published_at = timezone.now() + timedelta(days=40)
    Placement.objects.filter(post__title="hidden-page").update(published_at=None)

    for placement in (other, hidden):
        path = path_of(name, placement)
        assert "hidden" not in told(visit(alpha, path)).replace(path, "")
    if name in NAMES_WITH_ARGUMENTS:
        assert visit(alpha, path_of(name, hidden)).status_code == 404


def test_a_scheduled_post_appears_at_its_moment_and_not_before(techblog, publish, visit):
    placement = publish("Soon", on=techblog, at=timezone.now() + timedelta(minutes=1))
    assert visit(techblog, "/soon/").status_code == 404

    Placement.objects.filter(pk=placement.pk).update(published_at=timezone.now() - timedelta(seconds=1))

    assert visit(techblog, "/soon/").status_code == 200
    for path in ("/", "/feed/", "/sitemap.xml"):
        assert "soon" in visit(techblog, path).content.decode()


@pytest.mark.parametrize(
    "path",
    [
        "../etc/passwd",
        "%2e%2e/%2e%2e/etc/passwd",
        "/etc/passwd",
        "..%2f1%2fx.png",
        "0" * 32 + ".png",
        "logo.png",
        "1/x.png",
    ],
)
def test_a_guessed_media_address_leads_nowhere(techblog, visit, path):
    assert visit(techblog, f"/media/{path}").status_code == 404


def test_a_shared_posts_images_are_shown_on_each_of_its_sites_and_nowhere_else(alpha, beta, publish, plant, visit):
    placement = plant("alpha", on=alpha)
    path = placement.post.cover.get_absolute_url()
    assert (visit(alpha, path).status_code, visit(beta, path).status_code) == (200, 404)

    shared = publish("", on=beta, post=placement.post, slug="shared")
    assert visit(beta, path).status_code == 200

    shared.delete()
    assert visit(beta, path).status_code == 404


def test_an_image_of_another_site_cannot_be_borrowed_by_writing_its_address(alpha, beta, plant, publish, visit):
    path = plant("alpha", on=alpha).post.cover.get_absolute_url()

    publish("Thief", on=beta, body=f"![mine now]({path})")

    assert visit(beta, path).status_code == 404
