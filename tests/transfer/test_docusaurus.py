"""An archive of Docusaurus: dated posts, documentation, authors.yml, MDX."""

import pytest

from blogs.models import Placement, Post

pytest_plugins = ["tests.support.importing"]
pytestmark = pytest.mark.sqlite


@pytest.fixture
def project(archive):
    archive.write("docusaurus.config.js", "export default {\n  title: 'x',\n  baseUrl: '/guide/',\n};\n")
    archive.write("blog/authors.yml", "ada:\n  name: Ada Lovelace\n  title: Engineer\n")
    archive.write(
        "blog/2023-01-24-newsletter.md",
        "---\ntitle: News\nauthors: [ada, { name: Grace Hopper }]\n---\nThe beginning.\n\n<!-- truncate -->\n\n"
        ":::tip\nWords.\n:::\n\n[file](./2023-02-22-newsletter/index.mdx) [address](/guide/docs/setup/first)"
        " [root](@site/docs/01-setup/02-first.md#part) [lost](/lost)\n",
    )
    archive.write("blog/2023-02-22-newsletter/index.mdx", "---\ntitle: Later\nslug: /later-news\n---\nText.\n")
    archive.write(
        "docs/01-setup/02-first.md",
        "---\nsidebar_position: 2\n---\nimport Cards from '@theme/Cards';\n\n# First steps\n\nText.\n\n<Cards />\n",
    )
    archive.write("docs/_partial.md", "No page.")
    archive.write("README.md", "# The project")
    return archive


def test_posts_documentation_and_authors_of_docusaurus(project, techblog):
    run = project.run()

    assert "Dialect: Docusaurus (the project has the file docusaurus.config.js)" in run.output
    found = {placement.slug: placement for placement in Placement.objects.select_related("post")}
    assert set(found) == {"newsletter", "later-news", "02-first"}
    post = found["newsletter"].post
    assert f"{found['newsletter'].published_at:%Y-%m-%d}" == "2023-01-24"
    assert [author.name for author in post.authors.order_by("name")] == ["Ada Lovelace", "Grace Hopper"]
    assert post.excerpt == "The beginning."
    assert found["02-first"].post.kind == Post.Kind.PAGE and found["02-first"].published_at
    assert (found["02-first"].post.title, found["02-first"].post.body.strip()) == ("First steps", "Text.")
    assert "[file](/later-news/) [address](/02-first/) [root](/02-first/#part) lost" in post.body
    assert run.verdicts()["README.md"] == run.verdicts()["docs/_partial.md"] == "skipped"
    assert set(project.run().verdicts().values()) == {"unchanged", "skipped"}


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/guide/blog/2023/01/24/newsletter", "/newsletter/"),
        ("/guide/blog/later-news/", "/later-news/"),
        ("/guide/docs/setup/first", "/02-first/"),
    ],
)
def test_old_addresses_of_docusaurus_redirect(project, techblog, visit, path, target):
    project.run()

    assert visit(techblog, path).headers.get("Location") == target


def test_the_folder_of_the_posts_alone_is_recognised(project, techblog):
    project.folder = project.folder / "blog"

    run = project.run()

    assert "Dialect: Docusaurus (" in run.output
    post = Placement.objects.get(slug="newsletter").post
    assert [author.name for author in post.authors.order_by("name")] == ["Ada Lovelace", "Grace Hopper"]
