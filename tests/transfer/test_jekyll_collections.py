"""Collections of Jekyll: their documents are pages, and the configuration gives them addresses."""

import pytest

from blogs.models import Placement, Post

pytest_plugins = ["tests.support.importing"]
pytestmark = pytest.mark.sqlite

CONFIG = """
collections:
  guides: {output: true, permalink: "/:collection/:path/"}
  posts: {output: true, permalink: "/news/:year/:month/:day/:title/"}
  recipes: {output: true}
defaults:
- {scope: {path: "", type: guides}, values: {author: Ada}}
exclude: [readme-too.md, vendor]
"""


@pytest.fixture
def run(archive):
    archive.write("_config.yml", CONFIG)
    archive.write("_posts/2015-10-26-first.md", "[guide](/guides/setup/begin/) [cake](/recipes/cake.html)")
    archive.write("_guides/setup/begin.md", "---\ntitle: Begin\n---\nText.")
    archive.write("_recipes/cake.md", "---\ndate: 2015-10-27\n---\nText.")
    archive.write("readme-too.md", "Text.")
    archive.write("vendor/x.md", "Text.")
    return archive.run()


def test_documents_of_a_collection_are_pages_unless_they_have_a_date(run):
    found = {placement.slug: placement for placement in Placement.objects.select_related("post")}
    assert set(found) == {"first", "begin", "cake"}
    assert all(placement.published_at for placement in found.values())
    assert found["begin"].post.kind == Post.Kind.PAGE
    assert found["cake"].post.kind == Post.Kind.POST
    assert [author.name for author in found["begin"].post.authors.all()] == ["Ada"]
    assert not found["first"].post.authors.exists()
    assert found["first"].post.body == "[guide](/begin/) [cake](/cake/)"


def test_files_that_the_configuration_excludes_are_skipped(run):
    assert run.verdicts()["vendor/x.md"] == run.verdicts()["readme-too.md"] == "skipped"
    assert run.records["vendor/x.md"]["reason"] == "the configuration excludes the file"


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/news/2015/10/26/first/", "/first/"),
        ("/guides/setup/begin/", "/begin/"),
        ("/recipes/cake.html", "/cake/"),
    ],
)
def test_old_addresses_of_collections_redirect(run, techblog, visit, path, target):
    assert visit(techblog, path).headers.get("Location") == target
