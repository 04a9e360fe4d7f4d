"""Documentation beside a blog: files of a folder in which no file has a date are pages."""

import pytest

from blogs.models import Placement

pytest_plugins = ["tests.support.importing"]
pytestmark = pytest.mark.sqlite

PROJECTS = [
    ("hugo.toml", "title = 'x'", "content"),
    ("config.toml", "base_url = 'https://other.test'", "content"),
    ("eleventy.config.js", "", "src"),
    ("astro.config.mjs", "", "src/content"),
]


@pytest.mark.parametrize(("config", "text", "content"), PROJECTS)
@pytest.mark.parametrize("folder", ["", "{}", "{}/docs"])
def test_a_folder_without_dates_has_pages_and_other_files_without_a_date_become_drafts(
    archive, config, text, content, folder
):
    archive.write(config, text)
    archive.write(f"{content}/docs/guide/begin.md", "---\ntitle: Begin\ntype: docs\n---\nText.")
    archive.write(f"{content}/docs/end.md", "---\ntitle: End\n---\n```\n---\ndate: 2015-01-01\n---\n```")
    archive.write(f"{content}/stories/dated.md", "---\ndate: 2015-01-01\n---\nText.")
    archive.write(f"{content}/stories/undated.md", "Text.")
    archive.write(f"{content}/posts/undated-post.md", "Text.")
    archive.write(f"{content}/docs/tips/dated-tip.md", "---\ndate: 2015-01-01\n---\nText.")
    archive.write(f"{content}/stories/bundle/index.md", "Text.")

    archive.run(folder=archive.folder / folder.format(content))

    found = {placement.slug: placement for placement in Placement.objects.select_related("post")}
    assert (found["begin"].post.kind, found["end"].post.kind) == ("page", "page")
    assert found["begin"].published_at and found["end"].published_at
    if "docs" not in folder:
        assert found["dated"].post.kind == "post"
        assert found["undated"].published_at is found["undated-post"].published_at is None
        assert found["bundle"].published_at is None
