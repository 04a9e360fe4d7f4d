"""Tags and authors belong to a site. A shared post has those of each of its sites, with equal slugs."""

import re
from datetime import UTC, datetime

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from blogs import publishing, queries
from blogs.models import Author, Placement, Post, Tag
from blogs.pages.presenters import present_post
from blogs.slugs import tag_slug
from tenancy import lifecycle
from tenancy.registry.site_registry import registry

pytestmark = [pytest.mark.rollback, pytest.mark.sqlite]


@pytest.fixture
def ada(techblog):
    return Author.objects.create(site=techblog, slug="ada", name="Ada")


@pytest.fixture
def tagged(shared, ada):
    """The shared post of the techblog, with the tag Python and the author Ada."""
    return publishing.edit_post(shared, {"tags": {"python": "Python"}, "authors": [ada]}, by=None, version=1)


def names(post):
    """The names of the tags and authors of the post, by site."""
    found = {}
    for row in (*post.tags.select_related("site"), *post.authors.select_related("site")):
        found.setdefault(row.site.domain, set()).add(row.name)
    return found


def place(post, site, slug="guest"):
    placement = Placement(post=post, site=site, slug=slug, published_at=timezone.now())
    publishing.place(placement, by=None)
    return placement


def test_a_tag_cannot_be_renamed_to_the_name_of_another_tag_of_its_site(techblog, financeblog):
    python, go = (Tag.objects.create(site=techblog, slug=name.lower(), name=name) for name in ("Python", "Go"))
    elsewhere = Tag.objects.create(site=financeblog, slug="money", name="Money")

    with pytest.raises(ValidationError, match="already has the tag “Python” at /tag/python/"):
        publishing.rename_tag(go, "python", by=None)
    assert publishing.rename_tag(python, "PYTHON", by=None).name == "PYTHON"
    assert publishing.rename_tag(go, "Money", by=None).name == elsewhere.name


# -- one site ----------------------------------------------------------------------------------------------------------


def test_c_c_plus_plus_and_c_sharp_are_three_tags():
    slugs = {name: tag_slug(name) for name in ("C", "C++", "C#", "C++11", "#python", "Go!!!")}

    assert slugs == {
        "C": "c",
        "C++": "c-plus-plus",
        "C#": "c-sharp",
        "C++11": "c-plus-plus-11",
        "#python": "python",
        "Go!!!": "go",
    }


@pytest.mark.django_db(transaction=True)
def test_the_name_of_a_tag_and_the_name_slug_and_biography_of_an_author_belong_to_a_site(
    techblog, financeblog, publish, visit
):
    draft = publish("Draft", on=techblog, at=None).post
    publishing.create_author(Author(site=techblog, name="Ada Example", bio="Of the techblog."), by=None)
    publishing.edit_post(draft, {"tags": {"go": "Go!!!"}}, by=None, version=1)
    theirs = Author(site=financeblog, name="Ada Example", bio="Of the financeblog.")
    publishing.create_author(theirs, by=None)
    post = Post(home=financeblog, title="Tagged")
    publishing.create_post(post, by=None, tags={"go": "Go"}, authors=[theirs])
    place(post, financeblog, "tagged")

    for path in ("/tagged/", "/tag/go/", "/tag/go/feed/", "/feed/", "/author/ada-example/"):
        page = visit(financeblog, path).content.decode()
        assert "Go!!!" not in page
        assert ("Go" if "author" not in path else "Of the financeblog.") in page, path
        assert "Of the techblog." not in page
    assert '"keywords":["Go"]' in visit(financeblog, "/tagged/").content.decode()


@pytest.mark.parametrize("role", ["owner", "editor"])
def test_editors_of_a_site_rename_its_tags_and_edit_its_authors_and_no_others(
    role, tagged, techblog, financeblog, member
):
    user = member(role, of=financeblog)
    own_tag, own_author = Tag.objects.get(site=financeblog), Author.objects.get(site=financeblog)

    publishing.rename_tag(own_tag, "Snakes", by=user)
    publishing.edit_author(own_author, {"name": "Countess", "bio": "Wrote programs."}, by=user)

    for refused in (
        lambda: publishing.rename_tag(Tag.objects.get(site=techblog), "Mine", by=user),
        lambda: publishing.edit_author(Author.objects.get(site=techblog), {"name": "Mine"}, by=user),
        lambda: publishing.delete_tag(Tag.objects.get(site=techblog), by=user),
        lambda: publishing.delete_author(Author.objects.get(site=techblog), by=user),
        lambda: publishing.create_tag(Tag(site=techblog, name="New"), by=user),
        lambda: publishing.edit_author(own_author, {"user": user}, by=user),
    ):
        with pytest.raises(PermissionDenied):
            refused()
    assert names(tagged) == {"techblog.test": {"Python", "Ada"}, "financeblog.test": {"Snakes", "Countess"}}


def test_a_site_that_is_changed_only_in_memory_gives_no_permission(ada, financeblog, member):
    theirs, tag = member("editor", of=financeblog), Tag.objects.create(site=ada.site, slug="go", name="Go")
    ada.site = tag.site = financeblog

    for refused in (
        lambda: publishing.rename_tag(tag, "Mine", by=theirs),
        lambda: publishing.delete_tag(tag, by=theirs),
        lambda: publishing.edit_author(ada, {"name": "Mine"}, by=theirs),
        lambda: publishing.delete_author(ada, by=theirs),
    ):
        with pytest.raises(PermissionDenied):
            refused()


def test_authors_of_a_site_change_no_tag_and_no_author(tagged, ada, author):
    for refused in (
        lambda: publishing.rename_tag(Tag.objects.get(site=ada.site), "Mine", by=author),
        lambda: publishing.edit_author(ada, {"name": "Mine"}, by=author),
        lambda: publishing.delete_author(ada, by=author),
    ):
        with pytest.raises(PermissionDenied):
            refused()


def test_an_account_is_one_author_on_each_site(techblog, financeblog, ada, superuser, stranger):
    publishing.edit_author(ada, {"user": stranger}, by=superuser)
    publishing.create_author(Author(site=financeblog, name="Ada", user=stranger), by=superuser)

    with pytest.raises(ValidationError, match="already linked"):
        publishing.create_author(Author(site=techblog, name="Other", user=stranger), by=superuser)


# -- shared posts ------------------------------------------------------------------------------------------------------


def test_a_placed_post_gets_the_tags_and_authors_of_its_site_and_creates_missing_ones(tagged, financeblog):
    cook = lifecycle.create("cookblog.test", "Cookblog", by=None)
    Tag.objects.create(site=cook, slug="python", name="Snakes")

    place(tagged, cook)

    assert names(tagged) == {
        "techblog.test": {"Python", "Ada"},
        "financeblog.test": {"Python", "Ada"},
        "cookblog.test": {"Snakes", "Ada"},
    }


def test_an_edit_of_tags_and_authors_reaches_all_sites_of_the_post(tagged, techblog, financeblog):
    publishing.rename_tag(Tag.objects.get(site=techblog), "Python 3", by=None)
    grace = Author.objects.create(site=techblog, slug="grace", name="Grace")

    changes = {"tags": {"python": "Python", "c": "C"}, "authors": [grace]}
    publishing.edit_post(tagged, changes, by=None, version=2)

    assert names(tagged) == {
        "techblog.test": {"Python 3", "C", "Grace"},
        "financeblog.test": {"Python", "C", "Grace"},
    }
    assert {author.name for author in financeblog.authors.all()} == {"Grace"}  # Ada was created for this post only


def test_a_tag_that_is_created_on_another_site_has_the_name_that_the_home_uses(shared, techblog):
    Tag.objects.create(site=techblog, slug="python", name="Python 3")

    publishing.edit_post(shared, {"tags": {"python": "python"}}, by=None, version=1)

    assert names(shared) == {"techblog.test": {"Python 3"}, "financeblog.test": {"Python 3"}}


def test_tags_are_created_in_the_order_of_their_sites_and_slugs(shared):
    """In another order, two transactions that create the same tags could deadlock."""
    tags = {slug: slug.upper() for slug in ("c", "a", "d", "b")}

    publishing.edit_post(shared, {"tags": tags}, by=None, version=1)

    created = list(Tag.objects.order_by("pk").values_list("site", "slug"))
    assert created == sorted(created)


def test_a_post_that_leaves_a_site_leaves_no_tag_or_author_there_except_edited_authors(tagged, financeblog):
    publishing.edit_author(Author.objects.get(site=financeblog), {"bio": "Ours."}, by=None)
    publishing.remove(tagged.placements.get(site=financeblog), by=None)

    assert names(tagged) == {"techblog.test": {"Python", "Ada"}}
    assert not financeblog.tags.exists()
    assert financeblog.authors.get().bio == "Ours."


def test_a_tag_and_an_author_of_a_post_that_leaves_a_site_stay_while_another_post_of_the_site_has_them(
    tagged, techblog, financeblog, ada
):
    other = Post(home=techblog, title="Other")
    publishing.create_post(other, by=None, tags={"python": "Python"}, authors=[ada])
    place(other, financeblog)

    publishing.remove(tagged.placements.get(site=financeblog), by=None)

    assert names(other)["financeblog.test"] == {"Python", "Ada"}


def test_an_author_that_an_editor_created_or_that_has_an_account_stays_without_posts(
    tagged, financeblog, member, superuser, stranger
):
    cook = lifecycle.create("cookblog.test", "Cookblog", by=None)
    publishing.create_author(Author(site=cook, slug="ada", name="Ada"), by=member("editor", of=cook))
    publishing.edit_author(Author.objects.get(site=financeblog), {"user": stranger}, by=superuser)

    for placement in (place(tagged, cook), tagged.placements.get(site=financeblog)):
        publishing.remove(placement, by=None)

    assert (cook.authors.count(), financeblog.authors.count()) == (1, 1)


def test_a_deleted_post_leaves_no_tag_or_author_on_other_sites(tagged, techblog, financeblog):
    publishing.delete_post(tagged, by=None)

    assert not financeblog.tags.exists()
    assert not financeblog.authors.exists()
    assert techblog.tags.exists()


def test_a_post_that_moves_to_another_home_has_the_tags_and_authors_of_the_new_home(tagged, techblog, financeblog):
    cook = lifecycle.create("cookblog.test", "Cookblog", by=None)

    moved = publishing.edit_post(tagged, {"home": cook}, by=None, version=2)

    everywhere = {"Python", "Ada"}
    assert names(moved) == {
        "techblog.test": everywhere,
        "financeblog.test": everywhere,
        "cookblog.test": everywhere,
    }
    assert moved.content()["tags"] == ["python"]


def test_a_post_that_moves_to_another_home_leaves_the_tags_and_authors_of_the_former_one(techblog, financeblog, ada):
    post = Post(home=techblog, title="Moves")
    publishing.create_post(post, by=None, tags={"python": "Python"}, authors=[ada])

    publishing.edit_post(post, {"home": financeblog}, by=None, version=1)

    assert names(post) == {"financeblog.test": {"Python", "Ada"}}
    assert (techblog.tags.count(), techblog.authors.count()) == (1, 1)


def test_only_authors_of_the_home_are_accepted(tagged, financeblog, techblog):
    theirs = Author.objects.get(site=financeblog)

    with pytest.raises(ValidationError, match="Authors of another site: Ada"):
        publishing.edit_post(tagged, {"authors": [theirs]}, by=None, version=2)
    with pytest.raises(ValidationError, match="Authors of another site: Ada"):
        publishing.create_post(Post(home=techblog, title="New"), by=None, authors=[theirs])
    publishing.edit_post(tagged, {"authors": [theirs], "home": financeblog}, by=None, version=2)


def test_a_deleted_tag_leaves_the_posts_of_its_site_on_all_sites(tagged, techblog, financeblog):
    with pytest.raises(ValidationError, match="Posts of another site have this tag"):
        publishing.delete_tag(Tag.objects.get(site=financeblog), by=None)

    publishing.delete_tag(Tag.objects.get(site=techblog), by=None)

    assert names(tagged) == {"techblog.test": {"Ada"}, "financeblog.test": {"Ada"}}
    assert not Tag.objects.exists()


def test_an_author_that_a_post_names_cannot_be_deleted(tagged, ada):
    with pytest.raises(ValidationError, match="Posts name this author"):
        publishing.delete_author(ada, by=None)
    publishing.edit_post(tagged, {"authors": []}, by=None, version=2)
    publishing.delete_author(ada, by=None)

    assert not Author.objects.exists()


def test_the_number_of_queries_of_an_edit_does_not_grow_with_the_tags(tagged):
    def edit(number, version):
        tags = {f"t{version}-{n}": f"T{n}" for n in range(number)}
        with CaptureQueriesContext(connection) as captured:
            publishing.edit_post(tagged, {"tags": tags}, by=None, version=version)
        return len(captured)

    edit(2, 2)
    assert edit(3, 3) == edit(40, 4)


# -- nothing crosses ---------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["/tag/secret/", "/tag/secret/feed/", "/author/secret/", "/tag/secret/?before=1"])
def test_a_tag_or_author_of_another_site_gives_the_same_bytes_for_the_same_queries_as_an_unknown_one(
    path, techblog, financeblog, publish
):
    publish("Own", on=financeblog)
    post = publish("Hello", on=techblog).post
    author = Author.objects.create(site=techblog, slug="secret", name="Secret")
    publishing.edit_post(post, {"tags": {"secret": "Secret"}, "authors": [author]}, by=None, version=1)
    registry.expire()
    client = Client(headers={"host": "financeblog.test"})
    client.get("/tag/warm/")

    def read(slug):
        with CaptureQueriesContext(connection) as captured:
            response = client.get(path.replace("secret", slug))
        queries = [query["sql"].replace(slug, "slug") for query in captured.captured_queries]
        return response.status_code, response.content.replace(slug.encode(), b"slug"), queries

    assert read("secret") == read("unknown")
    assert read("secret")[0] == 404


def test_a_deleted_site_leaves_no_tag_author_or_biography_in_any_table(techblog, financeblog, publish):
    own = publish("Kept", on=financeblog, slug="kept").post
    alpha = Author(site=techblog, name="Alpha author", bio="Alpha biography", slug="alpha-author")
    publishing.create_author(alpha, by=None)
    post = Post(home=techblog, title="Hello")
    publishing.create_post(post, by=None, tags={"alpha-tag": "Alpha tag"}, authors=[alpha])
    guest = place(post, financeblog)
    place(post, techblog, "here")
    publishing.remove(guest, by=None)

    with transaction.atomic():
        lifecycle.delete(techblog, by=None)

    text = str([list(model._base_manager.values()) for model in apps.get_models(include_auto_created=True)])
    assert "alpha" not in text.lower()
    assert own.title in text


def test_a_post_that_moves_home_before_its_site_is_deleted_keeps_its_tags_and_authors(tagged, techblog, financeblog):
    lifecycle.delete(techblog, move_home_to=financeblog, by=None)

    assert names(tagged) == {"financeblog.test": {"Python", "Ada"}}
    assert Post.objects.get().content()["authors"] == ["ada"]


# -- lists ------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["/tag/python/", "/author/ada/", "/2025/03/"])
def test_a_list_continues_below_the_last_post_of_the_previous_page(path, techblog, ada, publish, visit):
    lifecycle.change_settings(techblog, {"posts_per_page": 2}, by=None)
    placements = []
    for number in range(5):
        moment = datetime(2025, 3, 10, number // 2, tzinfo=UTC)  # some posts have the same time
        placements.append(publish(f"Post {number}", on=techblog, at=moment, pinned=number == 0))
        names = {"tags": {"python": "Python"}, "authors": [ada]}
        publishing.edit_post(placements[-1].post, names, by=None, version=1)
    draft = publish("Draft", on=techblog, at=None)
    publishing.edit_post(draft.post, {"tags": {"python": "Python"}}, by=None, version=1)

    shown = []
    for before in ("", f"?before={placements[3].pk}", f"?before={placements[1].pk}"):
        page = visit(techblog, path + before).content.decode()
        shown.append(re.findall(r"Post [0-9]|Draft|Pinned", page.partition("<main")[2]))

    assert shown == [["Post 4", "Post 3"], ["Post 2", "Post 1"], ["Post 0"]]
    assert visit(techblog, f"{path}?before={draft.pk}").status_code == 404


# -- copies ------------------------------------------------------------------------------------------------------------


def test_a_tag_that_a_site_made_or_renamed_stays_when_a_shared_post_loses_it(shared, techblog, financeblog):
    own = Tag(site=financeblog, name="Own")
    publishing.create_tag(own, by=None)
    publishing.edit_post(shared, {"tags": {"own": "Own", "renamed": "A", "copy": "B"}}, by=None, version=1)
    publishing.rename_tag(Tag.objects.get(site=financeblog, slug="renamed"), "Ours", by=None)

    publishing.edit_post(shared, {"tags": {}}, by=None, version=2)

    assert sorted(Tag.objects.filter(site=financeblog).values_list("name", flat=True)) == ["Ours", "Own"]


def test_an_author_that_a_site_renamed_stays_when_a_shared_post_loses_it(tagged, financeblog):
    publishing.edit_author(Author.objects.get(site=financeblog), {"name": "Ada (guest)"}, by=None)

    publishing.edit_post(tagged, {"authors": []}, by=None, version=2)

    assert Author.objects.get(site=financeblog).name == "Ada (guest)"


@pytest.mark.parametrize(("kind", "shown"), [("post", ["Python", "Ada"]), ("page", [])])
def test_themes_get_the_tags_and_authors_of_posts_but_not_of_pages(techblog, publish, ada, kind, shown):
    placement = publish("Hello", on=techblog, kind=kind)
    publishing.edit_post(placement.post, {"tags": {"python": "Python"}, "authors": [ada]}, by=None, version=1)

    presented = present_post(queries.post_or_404(techblog, placement.slug))

    assert [link["name"] for link in (*presented["tags"], *presented["authors"])] == shown
