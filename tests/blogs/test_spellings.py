"""Each page has one address in the language of its title, and all other spellings of the address lead to it."""

import json
import re
from unicodedata import normalize
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from django.core.exceptions import ValidationError

from blogs import publishing, redirects
from blogs.models import Author, Placement, Post, Tag
from blogs.slugs import free_slug
from tests.support.pagecache.memory import empty_page_cache, memory
from tests.support.reading import read

pytestmark = pytest.mark.sqlite

HOST = "techblog.test"
SLUG, TAG, AUTHOR = "привет-мой-мир", "数据库", "王小明"


@pytest.fixture
def page(techblog, publish):
    """A live post with a title, a tag and an author that have no letter of the Latin script."""
    author = Author(site=techblog, name="王小明")
    publishing.create_author(author, by=None)
    placement = publish("Привет, мой мир", on=techblog)
    publishing.edit_post(placement.post, {"tags": {TAG: TAG}, "authors": [author]}, by=None, version=1)
    return placement


@pytest.fixture
def hello(techblog, publish):
    placement = publish("My post", on=techblog)
    publishing.edit_post(placement.post, {"tags": {"big-iron": "Big Iron"}}, by=None, version=1)
    return placement


def test_the_pages_of_a_post_a_tag_and_an_author_are_at_their_names(techblog, page, visit):
    for path in (f"/{SLUG}/", f"/tag/{TAG}/", f"/tag/{TAG}/feed/", f"/author/{AUTHOR}/"):
        for spelling in (path, quote(path), quote(path).replace("%D", "%d").lower()):
            assert visit(techblog, spelling).status_code == 200, spelling


def test_addresses_are_percent_encoded_in_pages_feeds_sitemaps_and_redirects(techblog, page, visit):
    address = f"http://{HOST}{quote(f'/{SLUG}/')}"
    tag, author = quote(f"/tag/{TAG}/"), quote(f"/author/{AUTHOR}/")

    post = visit(techblog, f"/{SLUG}/").content.decode()
    assert f'rel="canonical" href="{address}"' in post
    assert f'property="og:url" content="{address}"' in post
    assert f'href="{tag}"' in post
    assert f'href="{author}"' in post
    data = json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', post)[1])
    (posting,) = (thing for thing in data["@graph"] if thing["@type"] == "BlogPosting")
    assert posting["url"] == address
    assert posting["author"][0]["url"] == f"http://{HOST}{author}"
    assert f'rel="canonical" href="http://{HOST}{tag}"' in visit(techblog, f"/tag/{TAG}/").content.decode()
    for path in ("/feed/", f"{tag}feed/", "/sitemap-1.xml"):
        document = visit(techblog, path).content
        ElementTree.fromstring(document)  # noqa: S314  # own XML
        assert address.encode() in document, path
    assert f'href="http://{HOST}{tag}feed/" rel="self"'.encode() in visit(techblog, f"/tag/{TAG}/feed/").content
    assert visit(techblog, "/")
    assert visit(techblog, f"/{SLUG.upper()}/")["Location"] == quote(f"/{SLUG}/")
    assert visit("www.techblog.test", f"/{SLUG}/").status_code == 404


@pytest.mark.parametrize(
    ("spelling", "path"),
    [
        ("/MY-POST/", "/my-post/"),
        ("/My-Post", "/my-post/"),
        ("/my_post/", "/my-post/"),
        ("/my%20post/", "/my-post/"),
        ("/Tag/Big-Iron/", "/tag/big-iron/"),
        ("/tag/Big%20Iron/", "/tag/big-iron/"),
        ("/TAG/big-iron/FEED/", "/tag/big-iron/feed/"),
        ("/FEED/", "/feed/"),
        (f"/{SLUG.upper()}/", f"/{SLUG}/"),
        (normalize("NFD", f"/{SLUG}/"), f"/{SLUG}/"),
        (quote(normalize("NFD", f"/{SLUG}/")), f"/{SLUG}/"),
        (quote(quote(f"/{SLUG}/")), f"/{SLUG}/"),
        (f"/TAG/{TAG}/", f"/tag/{TAG}/"),
        (f"/Author/{AUTHOR}", f"/author/{AUTHOR}/"),
    ],
)
def test_another_spelling_of_an_address_redirects_to_the_page_and_keeps_the_query(
    techblog, hello, page, visit, spelling, path
):
    assert visit(techblog, path).status_code == 200
    for query in ("", "?before=7&x=%D0%BF"):
        response = visit(techblog, spelling + query)

        assert (response.status_code, response["Location"]) == (301, quote(path) + query)


def test_another_spelling_of_a_path_without_a_page_gets_the_404_of_every_other_path(
    techblog, financeblog, hello, publish, visit
):
    publish("Draft", on=techblog, at=None)
    publish("Foreign", on=financeblog)
    Tag.objects.create(site=techblog, slug="unused", name="Unused")
    never = visit(techblog, "/never/")

    assert never.status_code == 404
    for path in (
        "/NEVER/", "/DRAFT/", "/FOREIGN/", "/tag/UNUSED/", "/tag/Never/", "/author/NEVER/", "/tag/UNUSED/feed/",
        f"/{SLUG.upper()}/", "/%D0%9F%FF/", "/%00My-Pos/", "/MY-POST/x/", "/a/b/MY-POST/", "/-/MY-POST/",
        "/" + "MY-POST" * 100 + "/", "/" + "%CC%81" * 300 + "/",
    ):  # fmt: skip
        response = visit(techblog, path)
        assert (response.status_code, response.content) == (404, never.content), path


def test_a_request_for_another_spelling_costs_as_many_queries_as_an_unknown_path(
    techblog, hello, visit, django_assert_num_queries
):
    visit(techblog, "/never/")
    for path, number in (("/my-post/", 1), ("/never/", 2), ("/MY-POST/", 2), ("/NEVER/", 2), ("/tag/NEVER/", 2)):
        with django_assert_num_queries(number):
            visit(techblog, path, cached=False)


def test_all_encodings_of_an_address_have_one_entry_in_the_page_cache_and_other_spellings_have_none(
    techblog, hello, page
):
    path = quote(f"/{SLUG}/")
    empty_page_cache()
    spellings = (path, path.lower(), f"/{SLUG}/", quote(f"/{SLUG[0]}") + f"{SLUG[1:]}/")

    states = [read(HOST, spelling).headers["X-Cache"] for spelling in spellings]
    assert states == ["MISS", "HIT", "HIT", "HIT"]
    for spelling in (
        f"/{SLUG.upper()}/",
        normalize("NFD", f"/{SLUG}/"),
        "/MY-POST/",
        "/My-Post/",
        "/%FF/",
        f"/{SLUG}%FF/",
    ):
        assert read(HOST, spelling).headers["X-Cache"] == "BYPASS"
    assert len(memory()) == 1


def test_the_list_of_a_tag_beyond_ascii_has_pages(techblog, page, publish):
    techblog.settings.posts_per_page = 1
    techblog.settings.save()
    post = publish("Second", on=techblog).post
    publishing.edit_post(post, {"tags": {TAG: TAG}}, by=None, version=1)
    first = read(HOST, f"/tag/{TAG}/").body.decode()

    (older,) = re.findall(r'href="([^"]*\?before=[0-9]+)"', first)
    path, _, query = older.partition("?")
    assert path in ("", quote(f"/tag/{TAG}/"))
    responses = [read(HOST, f"/tag/{TAG}/?{query}") for _ in range(2)]
    assert [(response.status, response.headers["X-Cache"]) for response in responses] == [(200, "MISS"), (200, "HIT")]
    assert f'href="{quote(f"/tag/{TAG}/")}"' in responses[0].body.decode()


def test_a_stored_redirect_has_one_entry_in_the_page_cache_for_all_spellings(techblog, hello):
    redirects.moved(techblog, old_path="/Старый/", new_path="/my-post/")
    empty_page_cache()

    for spelling in ("/старый/", "/СТАРЫЙ/", normalize("NFD", "/старый/"), quote("/старый/").lower()):
        response = read(HOST, spelling)
        assert (response.status, response.headers["Location"]) == (301, "/my-post/"), spelling
    assert len(memory()) == 1


def test_the_longest_address_of_any_language_moves(techblog, publish, visit):
    placement = publish("x", on=techblog, slug="\U00020000" * 200)
    old = placement.get_absolute_url()

    moved = publishing.change_placement(placement, {"slug": "я" * 200}, by=None)

    assert visit(techblog, old)["Location"] == moved.get_absolute_url()
    assert visit(techblog, moved.get_absolute_url()).status_code == 200


def test_an_old_address_that_another_page_resembles_leads_to_its_own_post(techblog, hello, publish, visit):
    publish("Other", on=techblog)
    redirects.moved(techblog, old_path="/My_Post.html", new_path="/other/")
    redirects.moved(techblog, old_path="/my_post/", new_path="/other/")

    assert visit(techblog, "/My_Post.html")["Location"] == "/other/"
    assert visit(techblog, "/my_post/")["Location"] == "/other/"
    assert visit(techblog, "/My-Post/")["Location"] == "/my-post/"
    assert visit(techblog, "/my post/")["Location"] == "/my-post/"


def test_a_changed_slug_redirects_from_the_old_address_in_every_spelling(techblog, page, visit):
    placement = publishing.change_placement(page, {"slug": "Пока Мир"}, by=None)

    assert placement.slug == "пока-мир"
    for spelling in (f"/{SLUG}/", quote(f"/{SLUG}/"), f"/{SLUG.upper()}/", normalize("NFD", f"/{SLUG}/"), f"/{SLUG}"):
        response = visit(techblog, spelling)
        assert (response.status_code, response["Location"]) == (301, quote("/пока-мир/")), spelling
    publishing.change_placement(placement, {"slug": SLUG}, by=None)
    assert visit(techblog, f"/{SLUG}/").status_code == 200
    assert visit(techblog, "/пока-мир/")["Location"] == quote(f"/{SLUG}/")


# -- slugs of rows -----------------------------------------------------------------------------------------------------


@pytest.mark.rollback
@pytest.mark.parametrize(
    ("title", "slugs"),
    [
        ("Hello", ["hello", "hello-2", "hello-3"]),
        ("日本語", ["日本語", "日本語-2", "日本語-3"]),
        ("!!!", ["post", "post-2", "post-3"]),
        ("Feed", ["feed-2", "feed-3", "feed-4"]),
        ("2024", ["2024-2", "2024-3", "2024-4"]),
    ],
)
def test_a_slug_that_is_made_from_a_title_is_unique_and_not_reserved(techblog, financeblog, publish, title, slugs):
    assert [publish(title, on=techblog).slug for _ in slugs] == slugs
    assert publish(title, on=financeblog).slug == slugs[0]


@pytest.mark.rollback
def test_new_posts_with_the_same_title_get_different_slugs(techblog):
    new = []
    for _ in range(3):
        post = publishing.NewPost(Post(home=techblog, title="Привет"), placements=[])
        new.append(post._replace(placements=[Placement(post=post.post, site=techblog)]))
    publishing.create_posts(new, by=None)

    assert list(Placement.objects.order_by("pk").values_list("slug", flat=True)) == ["привет", "привет-2", "привет-3"]


@pytest.mark.rollback
def test_slugs_that_differ_in_letter_case_or_punctuation_are_the_same_slug(techblog, publish):
    first, other = publish("First", on=techblog, slug="My Post"), publish("Other", on=techblog)

    assert first.slug == "my-post"
    for slug in ("My-Post", "my_post", "MY POST!", "mÿ-post"):
        with pytest.raises(ValidationError, match="/my-post/ is taken"):
            publish("Second", on=techblog, slug=slug)
        with pytest.raises(ValidationError, match="/my-post/ is taken"):
            publishing.change_placement(other, {"slug": slug}, by=None)
    with pytest.raises(ValidationError, match="/feed/ is reserved"):
        publish("Second", on=techblog, slug="FEED")
    with pytest.raises(ValidationError, match="no letter and no digit"):
        publish("Second", on=techblog, slug="-")
    assert Placement(post=first.post, site=techblog, slug="My-Post").slug == "My-Post"  # until it is saved
    Placement.objects.filter(pk=other.pk).delete()
    stored = Placement.objects.create(post=other.post, site=techblog, slug="Ünsaved By A Form")
    assert stored.slug == Placement.objects.get(pk=stored.pk).slug == "unsaved-by-a-form"


@pytest.mark.rollback
def test_tags_of_any_language_are_different_tags(techblog, publish):
    names = {"数据库": "数据库", "新闻-kubernetes": "新闻 Kubernetes", "kubernetes": "Kubernetes", "c-plus-plus": "C++"}
    for name in names.values():
        publishing.create_tag(Tag(site=techblog, name=name), by=None)

    assert dict(Tag.objects.values_list("slug", "name")) == names
    with pytest.raises(ValidationError, match="already has the tag “Kubernetes”"):
        publishing.create_tag(Tag(site=techblog, name="KUBERNETES!"), by=None)


@pytest.mark.rollback
def test_authors_of_any_name_get_unique_slugs(techblog):
    for name in ("王小明", "王小明", "Łukasz Ż.", "…", "!"):
        publishing.create_author(Author(site=techblog, name=name), by=None)

    slugs = list(Author.objects.order_by("pk").values_list("slug", flat=True))
    assert slugs == ["王小明", "王小明-2", "lukasz-z", "author", "author-2"]


@pytest.mark.rollback
def test_a_free_slug_is_found_with_few_queries_beside_many_taken_ones(techblog, django_assert_num_queries):
    Author.objects.bulk_create(Author(site=techblog, slug=f"ada-{n}", name="Ada") for n in range(2, 1500))
    Author.objects.create(site=techblog, slug="ada", name="Ada")

    with django_assert_num_queries(3):
        assert free_slug("ada", Author.objects.filter(site=techblog), 100) == "ada-1500"
    with django_assert_num_queries(1):
        assert free_slug("grace", Author.objects.filter(site=techblog), 100, taken={"grace", "grace-2"}) == "grace-3"


@pytest.mark.rollback
def test_the_number_of_a_slug_does_not_make_two_hyphens(techblog):
    long = "a" * 89 + "-" + "b" * 10

    assert free_slug(long, Author.objects.none(), 100, taken={long}) == "a" * 89 + "-2"
