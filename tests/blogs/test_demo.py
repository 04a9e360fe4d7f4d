"""`manage.py demo` creates two complete example blogs, and refuses an installation that already has sites."""

import re
from collections import Counter

import pytest
from django.contrib.sites.models import Site
from django.core.management import CommandError
from django.test import Client
from django.utils import timezone

from accounts.models import Membership, Role, User
from blogs.demo import content
from blogs.demo.accounts import ACCOUNTS, PASSWORD
from blogs.models import Image, Placement, Post
from tenancy import lifecycle
from tenancy.models import Domain
from tests.support.demo import SITES, run_demo

pytestmark = pytest.mark.django_db

LINK = re.compile(r"\]\((/[^)\s]*)")


@pytest.fixture
def demo(installation):
    """Run `manage.py demo` and return its output."""
    return run_demo()


def demo_site(domain):
    return Site.objects.select_related("settings").get(domain=domain)


def live_on(site):
    return Placement.objects.on(site).live()


def shared_posts():
    return [post for post in Post.objects.prefetch_related("placements__site") if len(post.placements.all()) > 1]


def roles_of(user, site):
    return list(Membership.objects.filter(user=user, site=site).values_list("role", flat=True))


def test_both_sites_of_the_demo_have_their_own_theme_and_a_further_domain(demo):
    assert sorted(Domain.objects.primary().values_list("name", flat=True)) == sorted(SITES)
    assert sorted(Domain.objects.redirecting().values_list("name", flat=True)) == sorted(
        f"www.{name}" for name in SITES
    )
    assert [demo_site(name).settings.theme for name in SITES] == ["terminal", "broadsheet"]
    assert len({demo_site(name).settings.accent for name in SITES}) == 2


@pytest.mark.parametrize("domain", SITES)
def test_each_site_of_the_demo_has_eight_posts_that_are_not_shared_with_tags_and_authors(demo, domain):
    site = demo_site(domain)

    assert live_on(site).posts().filter(post__home=site).exclude(post__in=shared_posts()).count() >= 8
    shown = {"posts__placements__in": live_on(site).posts()}
    assert 6 <= site.tags.filter(**shown).distinct().count() <= 12
    assert site.authors.filter(**shown).exclude(bio="").distinct().count() >= 3
    assert live_on(site).menu().filter(slug="about").exists()


def test_three_posts_of_the_demo_are_on_both_sites_with_different_slugs_and_times(demo):
    posts = shared_posts()

    assert len(posts) == 3
    for post in posts:
        one, other = post.placements.all()
        assert one.is_live and other.is_live
        assert one.slug != other.slug
        assert one.published_at.date() != other.published_at.date()
    assert len({post.home_id for post in posts}) == 2


def test_readers_see_neither_the_scheduled_post_nor_the_draft_of_the_demo(demo, visit):
    scheduled = Placement.objects.get(published_at__gt=timezone.now())
    draft = Placement.objects.get(published_at=None)

    for hidden in (scheduled, draft):
        site = hidden.site
        assert visit(site, f"/{hidden.slug}/").status_code == 404
        assert hidden.post.title not in visit(site, "/").content.decode()
        assert visit(site, f"/{live_on(site).posts().first().slug}/").status_code == 200


def test_demo_creates_one_account_for_each_role_and_each_account_can_log_in(demo):
    assert {email for email, _ in ACCOUNTS} == set(User.objects.values_list("email", flat=True))
    assert User.objects.filter(is_superuser=True).count() == 1
    techblog, financeblog = map(demo_site, SITES)
    assert Counter(Membership.objects.filter(site=techblog).values_list("role", flat=True)) == Counter(Role.values)
    assert list(Membership.objects.filter(site=financeblog).values_list("role", flat=True)) == [Role.EDITOR]
    for email, _ in ACCOUNTS:
        assert Client().login(username=email, password=PASSWORD)
        assert not Client().login(username=email, password="another word")
        assert User.objects.get(email=email).is_staff


def test_the_demo_account_with_the_role_author_has_a_draft(demo):
    draft = Post.objects.drafts().get()

    assert draft.created_by.email == "author@example.com"
    assert roles_of(draft.created_by, draft.home) == [Role.AUTHOR]


def test_every_internal_link_in_the_demo_works_on_each_site_that_shows_the_post(demo, visit):
    followed = 0
    for placement in Placement.objects.select_related("site", "post"):
        for path in LINK.findall(placement.post.body):
            if not path.startswith("/media/"):
                assert visit(placement.site, path).status_code == 200, f"{path} in {placement} on {placement.site}"
                followed += 1
    assert followed > 20


def test_every_image_in_a_text_is_stored_on_the_home_and_shown_on_all_sites_of_the_post(demo, visit):
    shown = 0
    for placement in Placement.objects.live().select_related("site", "post__cover"):
        paths = [path for path in LINK.findall(placement.post.body) if path.startswith("/media/")]
        names = [path.removeprefix("/media/") for path in paths]
        assert Image.objects.filter(site=placement.post.home, name__in=names).count() == len(names)
        cover = [placement.post.cover.get_absolute_url()] if placement.post.cover else []
        for path in paths + cover:
            assert visit(placement.site, path).status_code == 200, f"{path} of {placement} on {placement.site}"
            shown += 1
        assert ".webp" not in re.sub(r"/media/[0-9a-f]{32}\.webp", "", placement.post.body)
    assert shown >= 20


def test_most_posts_of_the_demo_have_a_cover_and_every_cover_has_alt_text(demo):
    posts = Post.objects.filter(kind=Post.Kind.POST)

    assert posts.exclude(cover=None).count() > posts.count() / 2
    assert not posts.exclude(cover=None).filter(cover_alt="").exists()


def test_the_images_of_the_demo_are_small_and_each_image_is_used():
    sizes = {file.name: file.stat().st_size for file in content.IMAGES.iterdir()}
    used = " ".join(f"{text.matter.get('cover')} {text.body}" for text in content.texts())

    assert max(sizes.values()) <= 40_000
    assert sum(sizes.values()) <= 400_000
    assert [name for name in sizes if name not in used] == []


def test_demo_prints_addresses_and_accounts(demo):
    assert all(domain in demo for domain in SITES)
    assert all(email in demo and role in demo for email, role in ACCOUNTS)
    assert PASSWORD in demo


def test_demo_refuses_an_installation_with_sites_and_leaves_it_unchanged(techblog):
    with pytest.raises(CommandError, match="has 1 site; the demo needs one without sites"):
        run_demo()

    assert list(Site.objects.all()) == [techblog]
    assert not User.objects.exists()


def test_demo_refuses_a_second_run(demo):
    posts = Post.objects.count()

    with pytest.raises(CommandError, match="has 2 sites"):
        run_demo()

    assert Post.objects.count() == posts


def test_demo_refuses_an_installation_that_serves_https(installation, settings):
    settings.PUBLIC_SCHEME = "https"

    with pytest.raises(CommandError, match="a public password"):
        run_demo()

    assert not Site.objects.exists()


def test_demo_does_not_overwrite_an_existing_account(installation):
    User.objects.create_user("admin@example.com", "a password of their own")

    with pytest.raises(CommandError, match=r"admin@example\.com, which already exists"):
        run_demo()

    assert not Site.objects.exists()
    assert not User.objects.get().is_superuser


def test_a_demo_run_that_fails_halfway_stores_nothing(installation, monkeypatch):
    monkeypatch.setattr(lifecycle, "add_domain", lambda site, domain, by: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        run_demo()

    assert not Site.objects.exists()
