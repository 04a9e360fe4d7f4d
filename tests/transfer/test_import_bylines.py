"""The names of authors are found in bylines, and a long name is the same author in every import."""

import time

import pytest

from blogs.models import Author, Post
from transfer.markdown.fields import bylines

pytest_plugins = ["tests.support.importing"]
pytestmark = [pytest.mark.rollback, pytest.mark.sqlite]


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("Ada Lovelace", ["Ada Lovelace"]),
        ("ada", ["ada"]),
        ("O*NET", ["O*NET"]),
        ("Lovelace, Ada", ["Lovelace, Ada"]),
        ("Marks and Spencer", ["Marks and Spencer"]),
        ("Ada Lovelace, PhD", ["Ada Lovelace, PhD"]),
        ("Acme, Inc.", ["Acme, Inc."]),
        ("Department of Health and Human Services", ["Department of Health and Human Services"]),
        ("Ada Lovelace, Grace Hopper", ["Ada Lovelace", "Grace Hopper"]),
        ("Ada Lovelace, Grace Hopper, and Ludwig van Beethoven",
         ["Ada Lovelace", "Grace Hopper", "Ludwig van Beethoven"]),
        ("Ada Lovelace & Grace Hopper", ["Ada Lovelace", "Grace Hopper"]),
        ("Lovelace, Ada; Hopper, Grace", ["Lovelace, Ada", "Hopper, Grace"]),
        ("王小明、李雷", ["王小明", "李雷"]),
        ("[Ada](https://example.com/a) (Example Ltd)", ["Ada"]),
        ("[Ada](https://a.test 'Her page'), [Grace](https://b.test) (Navy) and [Alan][1]", ["Ada", "Grace", "Alan"]),
        ("**Ada Lovelace** (Example, Ltd)", ["Ada Lovelace"]),
        ("<a href='https://example.com'>Ada &amp; Co</a>", ["Ada & Co"]),
        ("Ada Lovelace <ada@example.com>", ["Ada Lovelace"]),
        ("ada@example.com (Ada Lovelace)", ["Ada Lovelace"]),
        ("By Ada Lovelace", ["Ada Lovelace"]),
        ({"name": "Ada", "url": "https://example.com"}, ["Ada"]),
        ([{"Name": "Ada"}, {"title": "Grace"}, "Alan", {"url": "x"}, None, True, ["Bob"]], ["Ada", "Grace", "Alan"]),
        (["Ada", "Ada"], ["Ada"]),
        ("", []),
        ("(unknown)", ["unknown"]),
        ("Ada\u202e\x07", ["Ada"]),
    ],
)  # fmt: skip
def test_the_names_in_a_byline(written, names):
    assert bylines.names(written) == names


@pytest.mark.parametrize("piece", ["[", "[a](", "*", "_a_", "(", "a@", "a, ", "a and ", "<a ", "[a][", "\u0301"])
def test_a_hostile_byline_costs_little_time(piece):
    started = time.thread_time()
    bylines.names(piece * 20_000)
    assert time.thread_time() - started < 1


LONG = "The office of the editor, with the help of the department of letters, the printers of the city, and many others"
PEOPLE = ", ".join(f"Ada{number} Lovelace" for number in range(12))


@pytest.mark.parametrize("written", [LONG, LONG.replace(" ", ""), "x" * 300, "ab, " * 80, "ä" * 150, "王" * 150])
def test_three_files_with_the_same_long_author_give_one_author_on_each_site(archive, financeblog, techblog, written):
    for name in ("a", "b", "c"):
        archive.write(f"{name}.md", f'---\ndate: 2015-01-01\nauthor: "{written}"\n---\nText.')

    for site in (techblog, financeblog):
        assert set(archive.run(site=site.domain).verdicts().values()) == {"created"}
        archive.write("d.md", f'---\ndate: 2015-01-01\nauthor: "{written}"\n---\nText.')
        assert archive.run(site=site.domain).verdicts()["d.md"] == "created"
        (archive.folder / "d.md").unlink()

        (author,) = Author.objects.filter(site=site)
        assert len(author.name) <= 100
        assert author.posts.count() == 4


def test_a_long_author_whose_slug_is_taken_is_found_again(archive, techblog):
    Author.objects.create(site=techblog, slug="x" * 100, name="Another")

    for name in ("a", "b"):
        archive.write(f"{name}.md", f"---\ndate: 2015-01-01\nauthor: {'x' * 150}\n---\nText.")
        archive.run()

    assert Author.objects.exclude(name="Another").count() == 1


def test_a_long_list_of_names_gives_an_author_for_each_name(archive, techblog):
    archive.write("a.md", f"---\ndate: 2015-01-01\nauthor: {PEOPLE}\n---\nText.")

    archive.run()

    assert Author.objects.filter(site=techblog).count() == 12
    assert Post.objects.get().authors.count() == 12


def test_a_long_tag_is_the_same_tag_in_every_import(archive, techblog):
    for name in ("a", "b"):
        archive.write(f"{name}.md", f"---\ndate: 2015-01-01\ntags: ['{LONG}']\n---\nText.")
        archive.run()

    assert [tag.posts.count() for tag in techblog.tags.all()] == [2]
