"""No page of a site shows content of another site. The paths come from the urlconf, so each new view is tested."""

from datetime import timedelta

import pytest
from django.utils import timezone

from blogs import publishing
from blogs.models import Author, Image, Placement, Tag
from blogs.models.placements import ID_RANGE
from tenancy import lifecycle
from tests.support.pictures import picture
from tests.support.public_urls import NAMES_WITH_ARGUMENTS, URL_NAMES, path_of

pytestmark = pytest.mark.sqlite


@pytest.fixture
def plant(publish):
    """plant("marker", on=site): publish a post with the marker in all its parts, in another month each time."""
    months = iter(range(1, 12))

    def plant(marker, *, on, at=...):
        cover = Image.objects.create(site=on, file=picture(), title=f"{marker}-image")
        when = timezone.now() - timedelta(days=70 * next(months)) if at is ... else at
        placement = publish(
            f"{marker}-title", on=on, slug=f"{marker}-slug", body=f"{marker}-body", excerpt=f"{marker}-excerpt",
            cover=cover, cover_alt=f"{marker}-alt", at=when,
        )  # fmt: skip
        placement.post.tags.add(Tag.objects.create(site=on, slug=f"{marker}-tag", name=f"{marker}-tag"))
        placement.post.authors.add(
            Author.objects.create(site=on, slug=f"{marker}-author", name=f"{marker}-author", bio=f"{marker}-bio")
        )
        page = publish(f"{marker}-page", on=on, slug=f"{marker}-page", kind="page", pinned=True)
        assert page.pinned
        # Parts of the sitemap: two ranges of ids that contain only these two placements.
        own_range = (Placement.objects.latest("pk").pk // ID_RANGE + 2) * ID_RANGE
        Placement.objects.filter(pk=page.pk).update(id=own_range - 1)
        Placement.objects.filter(pk=placement.pk).update(id=own_range)
        return Placement.objects.get(pk=own_range)

    return plant


@pytest.fixture
def alpha(installation):
    return lifecycle.create("alpha.test", "Alpha-name", tagline="Alpha-tagline", accent="#a1fa00", by=None)


@pytest.fixture
def beta(installation):
    return lifecycle.create("beta.test", "Beta-name", theme="broadsheet", by=None)


def as_text(response):
    """The status, headers and body of a response in lower case."""
    body = b"".join(response) if response.streaming else response.content
    return f"{response.status_code} {sorted(response.headers.items())} {body!r}".lower()


def test_a_post_is_served_only_on_sites_where_it_has_a_placement(techblog, financeblog, publish, visit):
    publish("Hello", on=techblog)

    assert visit(techblog, "/hello/").status_code == 200
    assert visit(financeblog, "/hello/").status_code == 404


@pytest.mark.parametrize("name", URL_NAMES)
def test_each_public_path_of_a_site_is_served_on_that_site(alpha, plant, visit, name):
    placement = plant("alpha", on=alpha)

    assert visit(alpha, path_of(name, placement)).status_code == 200


@pytest.mark.parametrize("name", URL_NAMES)
def test_no_public_path_shows_content_of_another_site(alpha, beta, plant, visit, name):
    foreign, own = plant("alpha", on=alpha), plant("beta", on=beta)

    for placement in (own, foreign):
        assert "alpha" not in as_text(visit(beta, path_of(name, placement))).replace(path_of(name, foreign), "")


@pytest.mark.parametrize("name", NAMES_WITH_ARGUMENTS)
def test_a_path_of_another_site_gets_the_same_404_as_a_path_that_never_existed(alpha, beta, plant, visit, name):
    foreign, own = plant("alpha", on=alpha), plant("beta", on=beta)
    path = path_of(name, foreign)
    here = visit(beta, path)

    foreign.post.delete()
    Tag.objects.filter(slug="alpha-tag").delete()
    Author.objects.filter(slug="alpha-author").delete()
    unknown = visit(beta, path)

    assert here.status_code == 404
    assert as_text(here) == as_text(unknown)
    assert own.slug == "beta-slug"


@pytest.mark.parametrize("name", URL_NAMES)
def test_a_shared_post_shows_on_each_site_only_the_names_and_biographies_of_that_site(alpha, beta, plant, visit, name):
    placement = plant("alpha", on=alpha)
    for model, relation in ((Tag, "tags"), (Author, "authors")):
        model.objects.create(site=beta, slug=getattr(placement.post, relation).get().slug, name="beta-name")
    guest = Placement(post=placement.post, site=beta, slug="shared", published_at=placement.published_at)
    publishing.place(guest, by=None)
    Author.objects.filter(site=beta).update(bio="beta-bio")
    Tag.objects.filter(site=alpha).update(name="alpha-marker")
    Author.objects.filter(site=alpha).update(name="alpha-marker", bio="alpha-marker")

    assert "alpha-marker" not in as_text(visit(beta, path_of(name, guest)))
    assert "beta" not in as_text(visit(alpha, path_of(name, placement)))


def test_two_sites_can_use_the_same_slug_for_different_posts(techblog, financeblog, publish, visit):
    publish("Tech hello", on=techblog, slug="hello")
    publish("Finance hello", on=financeblog, slug="hello")

    for site, own, foreign in ((techblog, "Tech hello", "Finance hello"), (financeblog, "Finance hello", "Tech hello")):
        page = visit(site, "/hello/").content.decode()
        assert own in page
        assert foreign not in page


@pytest.mark.parametrize("name", URL_NAMES)
@pytest.mark.parametrize("when", ["draft", "scheduled", "unpublished"])
def test_drafts_scheduled_posts_and_unpublished_posts_are_on_no_page(alpha, plant, visit, name, when):
    other = plant("other", on=alpha)
    hidden = plant("hidden", on=alpha, at=timezone.now() + timedelta(days=1) if when == "scheduled" else None)
    if when == "unpublished":
        Placement.objects.filter(pk=hidden.pk).update(published_at=timezone.now())
        assert visit(alpha, "/hidden-slug/").status_code == 200
        Placement.objects.filter(pk=hidden.pk).update(published_at=None)
    hidden.published_at = timezone.now() + timedelta(days=40)
    Placement.objects.filter(post__title="hidden-page").update(published_at=None)

    for placement in (other, hidden):
        path = path_of(name, placement)
        assert "hidden" not in as_text(visit(alpha, path)).replace(path, "")
    if name in NAMES_WITH_ARGUMENTS:
        assert visit(alpha, path_of(name, hidden)).status_code == 404


def test_a_scheduled_post_is_served_after_its_publication_time_and_not_before(techblog, publish, visit):
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
def test_a_guessed_media_path_gets_404(techblog, visit, path):
    assert visit(techblog, f"/media/{path}").status_code == 404


def test_the_images_of_a_shared_post_are_served_only_on_its_sites(alpha, beta, publish, plant, visit):
    placement = plant("alpha", on=alpha)
    path = placement.post.cover.get_absolute_url()
    assert (visit(alpha, path).status_code, visit(beta, path).status_code) == (200, 404)

    shared = publish("", on=beta, post=placement.post, slug="shared")
    assert visit(beta, path).status_code == 200

    shared.delete()
    assert visit(beta, path).status_code == 404


def test_a_link_to_an_image_of_another_site_does_not_publish_the_image_on_this_site(alpha, beta, plant, publish, visit):
    path = plant("alpha", on=alpha).post.cover.get_absolute_url()

    publish("Thief", on=beta, body=f"![mine now]({path})")

    assert visit(beta, path).status_code == 404
