"""Posts, tags and authors of any language are imported with the slugs that the admin gives them."""

from unicodedata import normalize
from urllib.parse import quote

import pytest

from blogs import publishing
from blogs.models import Author, Placement, Post, Tag
from blogs.slugs import tag_slug

pytest_plugins = ["tests.support.importing"]
pytestmark = pytest.mark.sqlite

POST = "---\ntitle: {title}\ndate: 2015-01-01\nauthor: {author}\ntags: [{tags}]\n---\nText.\n"


def test_an_imported_post_has_the_same_slugs_as_one_that_is_written_in_the_admin(archive, techblog, financeblog):
    title, author, tags = "Привет, мир", "王小明", ["数据库", "新闻 Kubernetes", "Kubernetes", "C++", "C#", "C", "🔥"]
    archive.write("Привет, мир.md", POST.format(title=title, author=author, tags=", ".join(map(repr, tags))))
    post = Post(home=financeblog, title=title)
    written = Author(site=financeblog, name=author)
    publishing.create_author(written, by=None)
    publishing.create_post(post, by=None, tags={tag_slug(tag): tag for tag in tags}, authors=[written])
    publishing.place(Placement(post=post, site=financeblog), by=None)

    run = archive.run()

    assert run.notes("Привет, мир.md") == []
    for model in (Placement, Tag, Author):
        slugs = [
            sorted(model.objects.filter(site=site).values_list("slug", flat=True)) for site in (techblog, financeblog)
        ]
        assert slugs[0] == slugs[1] != []
    assert Tag.objects.filter(site=techblog).count() == len(tags)
    assert set(archive.run().verdicts().values()) == {"unchanged"}


@pytest.mark.parametrize(
    ("name", "head", "slug"),
    [
        ("Straße-und-Größe.md", "title: x", "strasse-und-grosse"),
        ("Łódź.md", "title: x", "lodz"),
        ("Rust 1.58.1.md", "title: x", "rust-1-58-1"),
        ("my_post.md", "title: x", "my-post"),
        ("数据库.md", "title: x", "数据库"),
        (normalize("NFD", "Ёжик.md"), "title: x", "ёжик"),
        ("%D0%BF%D0%BE%D1%81%D1%82.md", "title: x\nslug: пост", "пост"),
        ("!.md", "title: 日本語", "日本語"),
        ("!.md", "title: '!'", "post"),
        ("🎉.md", "title: x", "tada"),
    ],
)
def test_the_slug_of_a_file_in_any_language(archive, name, head, slug):
    archive.write(name, f"---\n{head}\ndate: 2015-01-01\n---\n")

    archive.run()

    assert Placement.objects.get().slug == slug


def test_titles_without_a_letter_get_numbers(archive):
    for name in ("a", "b", "c"):
        archive.write(f"{name}/!!.md", "---\ntitle: '!'\ndate: 2015-01-01\n---\n")

    archive.run()

    assert list(Placement.objects.order_by("pk").values_list("slug", flat=True)) == ["post", "post-2", "post-3"]


def test_a_title_without_a_visible_character_is_not_used(archive):
    archive.write(
        "a.md", '---\ntitle: "\\u200b"\ndate: 2015-01-01\ntags: ["\\u2060", "a\\u202eb"]\n---\n# Heading\n\nText.'
    )

    archive.run()

    assert Post.objects.get().title == "Heading"
    assert [(tag.slug, tag.name) for tag in Tag.objects.all()] == [("ab", "ab")]


def test_old_addresses_beyond_ascii_keep_answering_percent_encoded_or_not(archive, techblog, visit):
    archive.write("2014-03-12-Мой_Ёж.md", "---\ntitle: Запись\npermalink: /блог/Мой_Ёж.html\n---\nText.")

    archive.run()

    address = quote("/мой-ёж/")
    assert visit(techblog, address).status_code == 200
    for old in ("/2014/03/12/Мой_Ёж/", "/блог/Мой_Ёж.html", "/мой_ёж/"):
        for spelling in (old, quote(old), quote(old).lower(), quote(normalize("NFD", old))):
            response = visit(techblog, spelling)
            assert (response.status_code, response["Location"]) == (301, address), spelling
