"""A file is recognised if the import starts in a folder above or below, or if the file was moved."""

import pytest

from blogs.models import Image, Placement, Post
from transfer.markdown.storing.recognition import matches

pytest_plugins = ["tests.support.importing"]
pytestmark = [pytest.mark.rollback, pytest.mark.sqlite]

HEAD = "---\ndate: 2015-01-01\n---\n"


def write(archive, number=4):
    for name in range(number):
        archive.write(f"_posts/{name}.md", f"{HEAD}Text {name}.")


@pytest.mark.parametrize("number", [1, 4])
def test_an_import_from_a_folder_below_or_above_creates_no_post_again(archive, number):
    write(archive, number)
    above, below = archive.folder, archive.folder / "_posts"

    for first, second in ((above, below), (below, above)):
        assert set(archive.run(folder=first).verdicts().values()) == {"created"}
        for folder in (second, first, second, second):
            run = archive.run(folder=folder)
            assert set(run.verdicts().values()) == {"unchanged"}
        assert Post.objects.count() == number
        Post.objects.all().delete()


def test_the_output_says_that_files_are_known_from_another_folder(archive):
    write(archive)
    archive.run()

    run = archive.run(folder=archive.folder / "_posts")

    assert "4 files are known from an import that started in another folder" in run.output
    assert run.records["1.md"]["imported_as"] == "_posts/1.md"


def test_a_changed_file_updates_its_post_from_another_folder(archive):
    write(archive)
    archive.run()
    archive.write("_posts/1.md", f"{HEAD}New.")

    run = archive.run(folder=archive.folder / "_posts")

    assert run.verdicts() == {"0.md": "unchanged", "1.md": "updated", "2.md": "unchanged", "3.md": "unchanged"}
    assert Placement.objects.get(slug="1").post.body == "New."
    assert set(archive.run().verdicts().values()) == {"unchanged"}


def test_an_import_from_a_folder_below_keeps_the_images_of_folders_above(archive):
    write(archive)
    archive.picture("assets/cat.png")
    archive.write("_posts/1.md", f"{HEAD}![A cat](/assets/cat.png)")
    below = archive.folder / "_posts"

    archive.run(folder=below)
    assert Placement.objects.get(slug="1").post.body == "A cat"
    assert archive.run().verdicts()["_posts/1.md"] == "updated", "the folder above contains the image"
    body = Placement.objects.get(slug="1").post.body
    assert Image.objects.get().get_absolute_url() in body

    assert archive.run(folder=below).verdicts()["1.md"] == "unchanged"
    archive.write("_posts/1.md", f"{HEAD}New. ![A cat](/assets/cat.png)")
    run = archive.run(folder=below)
    assert run.verdicts()["1.md"] == "skipped"
    assert "import the folder that contains them" in run.records["1.md"]["reason"]
    assert Placement.objects.get(slug="1").post.body == body


def test_a_file_that_was_moved_is_recognised_by_its_content(archive):
    write(archive)
    archive.run()
    (archive.folder / "old").mkdir()
    (archive.folder / "_posts/1.md").rename(archive.folder / "old/1.md")

    run = archive.run()

    assert run.verdicts() == {
        "_posts/0.md": "unchanged",
        "_posts/2.md": "unchanged",
        "_posts/3.md": "unchanged",
        "old/1.md": "updated",  # with a redirect from its address in this folder
    }
    archive.write("old/1.md", f"{HEAD}New.")
    assert archive.run().verdicts()["old/1.md"] == "updated"
    assert Post.objects.count() == 4


def test_two_files_with_the_same_name_and_text_are_not_taken_for_a_moved_one(archive):
    for folder in ("a", "b"):
        archive.write(f"{folder}/index.md", HEAD)
    archive.run()
    for folder in ("a", "b"):
        (archive.folder / folder).rename(archive.folder / f"{folder}{folder}")

    assert archive.run().verdicts() == {"aa/index.md": "created", "bb/index.md": "created"}


def test_another_file_with_the_same_name_creates_a_post(archive, tmp_path):
    write(archive)
    archive.write("_posts/about.md", f"{HEAD}About us.")
    archive.run()
    other = type(archive)(tmp_path / "other")
    other.write("about.md", f"{HEAD}About them.")

    assert archive.run(folder=other.folder).verdicts() == {"about.md": "created"}
    assert Post.objects.count() == 6


@pytest.mark.parametrize(
    ("names", "earlier", "expected"),
    [
        (["a", "b"], ["a", "c"], {"a": "a"}),
        (["p/a", "p/b", "p/c", "p/d"], ["a", "b", "c"], {"p/a": "a", "p/b": "b", "p/c": "c"}),
        (["a", "b", "c"], ["x/p/a", "x/p/b", "x/p/c"], {"a": "x/p/a", "b": "x/p/b", "c": "x/p/c"}),
        # More files are explained by the folder p than by equal paths.
        (
            ["index", "p/index", "p/a", "p/b"],
            ["index", "a", "b"],
            {"p/index": "index", "p/a": "a", "p/b": "b"},
        ),
        # Equal paths come first.
        (["index", "p/index"], ["index", "p/index"], {"index": "index", "p/index": "p/index"}),
        # Two folders below the imported one, each imported alone before.
        (
            ["p/a", "p/b", "p/c", "q/d", "q/e", "q/f"],
            ["a", "b", "c", "d", "e", "f"],
            {"p/a": "a", "p/b": "b", "p/c": "c", "q/d": "d", "q/e": "e", "q/f": "f"},
        ),
        # One file of many has a known name by chance.
        (["p/a", "p/b", "p/c"], ["a"], {}),
        (["p/a", "p/b"], ["a", "b"], {}),
        (["ap/a", "ap/b", "ap/c"], ["p/a", "p/b", "p/c"], {}),
    ],
)
def test_files_are_matched_with_those_of_earlier_imports(names, earlier, expected):
    assert matches(names, earlier) == expected
