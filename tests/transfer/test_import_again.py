"""The importer handles repeated imports, dry runs and broken files."""

import pytest

from blogs.models import Author, Image, Placement, Post, Redirect, Tag
from transfer.markdown.importer import BATCH_FILES
from transfer.markdown.storing import writer
from transfer.models import ImportedFile

pytest_plugins = ["tests.support.importing"]
pytestmark = [pytest.mark.rollback, pytest.mark.sqlite]

HEAD = "---\ndate: 2015-01-01\ntags: [a, b]\nauthors: ada\n---\n"


def test_a_second_import_of_unchanged_files_changes_nothing(archive, techblog, django_assert_max_num_queries):
    archive.picture("cat.png")
    archive.write("2015-01-01-a.md", HEAD + "![](cat.png) ![](missing.png) {{ x }}")
    archive.write("b.md", "---\nlayout: page\nredirect_from: /c/\n---\nText.")
    first = archive.run()
    rows = list(Post.objects.values()), list(Placement.objects.values()), list(Redirect.objects.values())

    with django_assert_max_num_queries(11):  # for any number of files
        second = archive.run()

    assert set(first.verdicts().values()) == {"created"}
    assert set(second.verdicts().values()) == {"unchanged"}
    assert second.notes("2015-01-01-a.md") == first.notes("2015-01-01-a.md"), (
        "the second run must repeat the notes on unchanged files"
    )
    assert (list(Post.objects.values()), list(Placement.objects.values()), list(Redirect.objects.values())) == rows


def test_a_changed_file_updates_its_post(archive, techblog):
    archive.write("a.md", HEAD + "Old.")
    archive.run()
    before = Post.objects.get()
    archive.write("a.md", HEAD.replace("[a, b]", "[b, c]").replace("2015", "2016") + "New.")

    assert archive.run().verdicts() == {"a.md": "updated"}

    after = Post.objects.get()
    assert (after.pk, after.uuid, after.body) == (before.pk, before.uuid, "New.")
    assert after.updated_at > before.updated_at
    assert set(after.tags.values_list("slug", flat=True)) == {"b", "c"}
    assert Placement.objects.get().published_at.year == 2016
    assert archive.run().verdicts() == {"a.md": "unchanged"}


def test_a_field_that_a_later_release_adds_does_not_count_as_an_edit(archive, monkeypatch):
    archive.write("a.md", HEAD + "Old.")
    archive.run()
    content = Post.content
    archive.write("a.md", HEAD + "New.")

    monkeypatch.setattr(Post, "content", lambda post: {**content(post), "subtitle": "An edit"})
    assert archive.run().verdicts() == {"a.md": "skipped"}
    monkeypatch.setattr(Post, "content", lambda post: {**content(post), "subtitle": ""})
    assert archive.run().verdicts() == {"a.md": "updated"}


def test_the_next_run_adds_an_image_that_was_missing_before(archive):
    archive.write("a.md", HEAD + "![](cat.png)")
    archive.run()
    archive.picture("cat.png")

    assert archive.run().verdicts() == {"a.md": "updated"}
    assert Post.objects.get().body == f"![]({Image.objects.get().get_absolute_url()})"


def test_a_post_that_was_edited_on_the_site_is_replaced_only_with_the_option_overwrite(archive, techblog):
    archive.write("a.md", HEAD + "Old.")
    archive.write("b.md", HEAD + "Old.")
    archive.run()
    post = Placement.objects.get(slug="a").post
    post.body = "Mine."
    post.save()
    assert set(archive.run().verdicts().values()) == {"unchanged"}, (
        "a file that did not change must not be imported again"
    )
    archive.write("a.md", HEAD + "New.")
    archive.write("b.md", HEAD + "New.")

    run = archive.run()

    assert run.verdicts() == {"a.md": "skipped", "b.md": "updated"}
    assert "edited" in run.records["a.md"]["reason"]
    assert run.code == 0, "a skipped post must not make the command fail"
    assert Placement.objects.get(slug="a").post.body == "Mine."

    assert archive.run("--overwrite").verdicts() == {"a.md": "updated", "b.md": "unchanged"}
    assert Placement.objects.get(slug="a").post.body == "New."


def test_a_slug_changed_on_the_site_is_kept(archive, techblog):
    archive.write("a.md", HEAD + "Old.")
    archive.run()
    placement = Placement.objects.get()
    placement.slug = "better"
    placement.save()
    archive.write("a.md", HEAD + "New.")

    assert archive.run().verdicts() == {"a.md": "updated"}
    assert Placement.objects.get().slug == "better"


def test_a_post_that_moved_to_another_home_is_skipped(archive, techblog, financeblog):
    archive.write("a.md", HEAD + "Old.")
    archive.run()
    Post.objects.update(home=financeblog)
    archive.write("a.md", HEAD + "New.")

    run = archive.run("--overwrite")

    assert run.verdicts() == {"a.md": "skipped"}
    assert "home" in run.records["a.md"]["reason"]


def test_a_dry_run_reports_everything_and_stores_nothing(archive, techblog):
    archive.picture("cat.png")
    archive.write("2015-01-01-a.md", HEAD + "![](cat.png)")
    archive.write("2015-01-02-a.md", HEAD + "![](cat.png)")
    archive.write("broken.md", "---\n")

    run = archive.run("--dry-run")

    assert list(run.verdicts().values()) == ["created", "created", "skipped"]
    assert [record["images"] for record in run.records.values()] == [1, 0, 0]
    assert "/a-2/" in run.notes("2015-01-02-a.md")[0]
    assert "dry run: nothing was stored" in run.output
    for model in (Author, Image, ImportedFile, Placement, Post, Redirect, Tag):
        assert not model.objects.exists()
    assert archive.stored_files() == []


def test_a_dry_run_of_a_changed_file_leaves_the_post_unchanged(archive, techblog):
    archive.write("a.md", HEAD + "Old.")
    archive.run()
    archive.write("a.md", HEAD + "New.")

    assert archive.run("--dry-run").verdicts() == {"a.md": "updated"}
    assert Post.objects.get().body == "Old."
    assert archive.run().verdicts() == {"a.md": "updated"}


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        (b"---\ntitle: a: b\n---\n", 2, "not valid YAML"),
        (HEAD.encode() + b"\xe4\xf6\xfc", 6, "not UTF-8"),
        (HEAD.encode() + b"a\0b", 6, "NUL"),
        (b"x" * (2 * 1024 * 1024 + 1), None, "the limit is 2,097,152"),
        (b"x" * 1_500_000, None, ""),  # this exceeds the size limit of a post
    ],
)
def test_a_broken_file_is_reported_and_the_other_files_are_imported(archive, techblog, content, line, reason):
    archive.write("a.md", HEAD)
    archive.write("b.md", content)
    archive.write("c.md", HEAD)

    run = archive.run()

    assert run.verdicts() == {"a.md": "created", "b.md": "skipped", "c.md": "created"}
    record = run.records["b.md"]
    assert record["line"] == line and reason in record["reason"]
    assert f"b.md:{line}" in run.output or line is None
    assert run.code == 1
    assert Post.objects.count() == 2

    archive.write("b.md", HEAD)
    assert archive.run().verdicts() == {"a.md": "unchanged", "b.md": "created", "c.md": "unchanged"}


def test_a_file_that_fails_after_its_images_were_stored_leaves_neither_rows_nor_images(archive, techblog, monkeypatch):
    archive.picture("cat.png")
    archive.write("a.md", HEAD + "![](cat.png)")
    archive.write("b.md", HEAD + "![](cat.png)")
    real = ImportedFile.objects.bulk_create

    def failing(records):
        records = list(records)
        if any(record.path == "a.md" for record in records):
            raise RuntimeError("database error")
        return real(records)

    monkeypatch.setattr(ImportedFile.objects, "bulk_create", failing)
    run = archive.run()

    assert run.verdicts() == {"a.md": "skipped", "b.md": "created"}
    assert run.records["a.md"]["reason"] == "RuntimeError: database error"
    assert Post.objects.count() == Image.objects.count() == len(archive.stored_files()) == 1
    assert Post.objects.get().body == f"![]({Image.objects.get().get_absolute_url()})"


def test_a_symbolic_link_to_a_file_outside_the_folder_is_skipped(archive, tmp_path, techblog):
    outside = tmp_path / "secret.md"
    outside.write_text("Secret.")
    (archive.folder / "a.md").symlink_to(outside)
    archive.write("b.md", HEAD)

    run = archive.run()

    assert run.verdicts() == {"a.md": "skipped", "b.md": "created"}
    assert "outside the folder" in run.records["a.md"]["reason"]


def test_unprintable_characters_in_file_names_are_escaped_in_the_output_and_the_database(archive, techblog):
    (archive.folder / "a\x1b[31m\n.md").write_text(HEAD)
    (archive.folder / b"\xff.md".decode("utf-8", "surrogateescape")).write_text(HEAD)

    assert list(archive.run().verdicts().values()) == ["created", "created"]
    assert set(archive.run().verdicts().values()) == {"unchanged"}


def test_a_deleted_post_is_created_again_by_the_next_import(archive, techblog):
    archive.write("a.md", HEAD)
    archive.run()
    Post.objects.all().delete()

    assert archive.run().verdicts() == {"a.md": "created"}


def test_one_archive_can_be_imported_into_two_sites(archive, techblog, financeblog):
    archive.write("a.md", HEAD)

    assert archive.run().verdicts() == archive.run(site="financeblog.test").verdicts() == {"a.md": "created"}
    assert {post.home for post in Post.objects.all()} == {techblog, financeblog}


def test_a_site_with_imported_posts_can_be_deleted(archive, techblog):
    archive.write("a.md", HEAD)
    archive.run()

    techblog.delete()

    assert not ImportedFile.objects.exists()


def test_a_broken_file_affects_no_other_file_of_its_batch(archive, techblog):
    names = [f"{number:02}.md" for number in range(BATCH_FILES + 3)]
    for name in names:
        archive.write(name, HEAD.replace("ada", f"author-{name[:2]}") + "Text.")
    archive.write(names[4], HEAD + "> " * 30 + "nested too deeply")

    run = archive.run()

    assert list(run.records) == names  # the outcomes keep the order of the files
    assert run.verdicts() == {name: "skipped" if name == names[4] else "created" for name in names}
    assert "nested" in run.records[names[4]]["reason"]
    assert Placement.objects.on(techblog).live().count() == len(names) - 1
    assert Author.objects.count() == len(names) - 1
    assert ImportedFile.objects.count() == len(names) - 1
    assert set(archive.run().verdicts().values()) == {"unchanged", "skipped"}


@pytest.mark.parametrize("text", ["draft: true", "date: 2015-01-01T10:00:00.123456+02:00\npinned: true"])
def test_the_recorded_state_of_a_new_post_is_the_state_of_its_rows(archive, text):
    archive.picture("cat.png")
    archive.write(
        "a.md", f"---\n{text}\ntags: [b, a]\nauthors: [bea, ada]\nimage: cat.png\nimage_alt: A\n---\n# A\n\nText."
    )

    archive.run()

    record = ImportedFile.objects.get()
    assert record.left_as == writer.state_of(record.post)


def test_new_files_take_few_queries_each(archive, django_assert_max_num_queries):
    for number in range(2 * BATCH_FILES):
        archive.write(f"{number:02}.md", HEAD + "Text.")

    with django_assert_max_num_queries(2 * BATCH_FILES + 2 * 25):
        run = archive.run()

    assert set(run.verdicts().values()) == {"created"}


def test_posts_of_one_batch_can_ask_for_the_same_slug_and_the_same_old_address(archive, techblog):
    for name in ("a/same.md", "b/same.md"):
        archive.write(name, "---\ndate: 2015-01-01\nredirect_from: /old/\n---\nText.")

    run = archive.run()

    assert [record["address"] for record in run.records.values()] == ["/same/", "/same-2/"]
    assert run.notes("b/same.md") == [
        "/same/ is taken on the site; the address of the post is /same-2/",
        "the old address /old/ already redirects to /same/; this redirect stays",
    ]
    assert Redirect.objects.get(old_path="/old/").new_path == "/same/"
