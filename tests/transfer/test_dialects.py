"""For each generator, a folder with all its constructs is imported. Readers see no markup and no dead link."""

import re
import shutil
from pathlib import Path

import pytest
from django.core.management.base import CommandError

from blogs.models import Placement, Post, Redirect
from tests.support.crawling import crawl, dead_links

pytest_plugins = ["tests.support.importing"]
pytestmark = pytest.mark.sqlite

ARCHIVES = Path(__file__).parent / "archives"
PICTURES = {
    "jekyll": ["images/dot.png"],
    "hugo": ["content/posts/bundle/pic.png"],
    "zola": ["content/blog/colocated/pic.png"],
    "eleventy": ["src/img/dot.png"],
    "hexo": ["source/_posts/with-picture/dot.png"],
    "astro": ["src/assets/dot.png"],
}
MARKUP = re.compile(r"\{\{|\{%|\{#|\{:|@/|=\{|\bimport |<!--|\]\(|^export ", re.MULTILINE)


@pytest.fixture
def project(archive):
    def copied(name):
        shutil.copytree(ARCHIVES / name, archive.folder, dirs_exist_ok=True)
        for picture in PICTURES[name]:
            archive.picture(picture)
        return archive

    return copied


def published():
    return {placement.slug: placement for placement in Placement.objects.select_related("post")}


def body(slug):
    return Placement.objects.get(slug=slug).post.body


def location(visit, site, path):
    return visit(site, path).headers.get("Location")


def notes_on_links(run):
    return {
        note["message"].split()[2]
        for record in run.records.values()
        for note in record["notes"]
        if note["subject"] == "dead links"
    }


@pytest.mark.parametrize("name", PICTURES)
def test_an_archive_of_each_generator_shows_no_markup_and_no_dead_link_that_is_not_reported(
    project, techblog, visit, name
):
    archive = project(name)

    first = archive.run()

    assert first.code == 0
    assert f"Dialect: {name.capitalize()} (the project has the file" in first.output
    rows = list(Post.objects.values()), list(Placement.objects.values()), list(Redirect.objects.values())
    assert set(archive.run().verdicts().values()) <= {"unchanged", "skipped"}
    assert (list(Post.objects.values()), list(Placement.objects.values()), list(Redirect.objects.values())) == rows
    addresses = {placement.get_absolute_url() for placement in Placement.objects.on(techblog).live()}
    assert len(addresses) > 1
    pages = crawl(techblog, visit, {"/", *addresses})
    assert dead_links(pages, techblog, visit) == []
    for path, page in pages.items():
        assert not MARKUP.search("".join(page.texts)), (path, MARKUP.search("".join(page.texts)))
        assert "" not in page.own_links
        assert all(source.startswith("/media/") for source in page.sources()), path
        assert not any(link.startswith("/lost") for link in page.own_links)


@pytest.mark.parametrize("name", PICTURES)
def test_a_dry_run_of_each_generator_stores_nothing(project, name):
    archive = project(name)

    dry = archive.run("--dry-run")

    assert not Post.objects.exists()
    assert dry.verdicts() == archive.run().verdicts()


# -- Jekyll ------------------------------------------------------------------------------------------------------------


def test_jekyll_links_tags_and_code(project):
    run = project("jekyll").run()

    text = body("first")
    for link in ("[later post](/second/)", "[as a file](/second/)", "old address](/second/)", "[trip]: /trip/"):
        assert link in text
    assert "A lost page, a manual and a lost reference." in text
    assert "[lost]" not in text and "/nowhere/" not in text
    assert '```ruby\nputs "{{ braces }}"\n```' in text
    assert "`{% include x.html %}`" in text
    assert "https://www.youtube.com/watch?v=abc123" in text
    assert "<figcaption>A caption</figcaption>" in text
    assert "Words of an include" in text
    assert "    [x](indented-code) {{ stays }}" in text
    assert "TOC" not in text and "{:" not in text
    assert notes_on_links(run) == {"/lost.html", "/files/manual.pdf", "/nowhere/"}
    assert body("trip").strip() == "A trip on A notebook. See ."


def test_jekyll_fields_and_files(project, techblog):
    run = project("jekyll").run()

    first = published()["first"].post
    assert first.excerpt == "What this post is about."
    assert set(first.tags.values_list("slug", flat=True)) == {"ruby", "rails"}
    assert [author.name for author in first.authors.all()] == ["Ada"]
    assert set(published()["trip"].post.tags.values_list("slug", flat=True)) == {"travel", "north"}
    assert published()["about"].post.kind == Post.Kind.PAGE
    assert published()["not-ready"].published_at is None
    assert run.verdicts()["README.md"] == run.verdicts()["_includes/partial.md"] == "skipped"


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/2015/10/26/first.html", "/first/"),
        ("/2015/10/26/first/", "/first/"),
        ("/2015/10/26/first", "/first/"),
        ("/notes/2015/10/26/first.html", "/first/"),
        ("/old/first", "/first/"),
        ("/old/first/", "/first/"),
        ("/second-steps/", "/second/"),
        ("/travel/north/2016/03/04/trip.html", "/trip/"),
        ("/about.html", "/about/"),
    ],
)
def test_old_addresses_of_jekyll_redirect(project, techblog, visit, path, target):
    project("jekyll").run()

    assert location(visit, techblog, path) == target


@pytest.mark.parametrize(
    ("permalink", "path"),
    [
        ("pretty", "/2015/10/26/x/"),
        ("/:title/", None),
        ("/blog/:year/:title:output_ext", "/blog/2015/x.html"),
        ("/:categories/:title.html", "/news/x.html"),
        ("none", "/news/x.html"),
        ("ordinal", "/news/2015/299/x.html"),
        ("/:year-:i_month-:i_day/:slug", "/2015-10-26/x"),
    ],
)
def test_the_permalink_of_the_configuration_of_jekyll_decides(archive, techblog, visit, permalink, path):
    archive.write("_config.yml", f"permalink: {permalink}")
    archive.write("_posts/2015-10-26-x.md", "---\ncategories: news\n---\n")

    archive.run()

    assert visit(techblog, "/x/").status_code == 200
    assert path is None or location(visit, techblog, path) == "/x/"


# -- Hugo --------------------------------------------------------------------------------------------------------------


def test_hugo_shortcodes_and_links(project):
    run = project("hugo").run()

    text = body("bundle")
    assert text.count("/media/") == 2 and "<figcaption>Its caption</figcaption>" in text
    assert '```go\nfunc main() { fmt.Println("{{ braces }}") }\n```' in text
    assert "[two](/number-two/), [two](/number-two/#part) and [two](/number-two/)" in text
    assert '[two](/number-two/), [two](/number-two/ "Title"), [two](/number-two/)' in text
    assert "The motto: Write it down. The colour:\nblue. A lost page and [the list](/)." in text
    for address in (
        "youtube.com/watch?v=abc123",
        "vimeo.com/55073825",
        "gist.github.com/ada/123",
        "x.com/ada/status/42",
    ):
        assert f"https://{'www.' if 'youtube' in address else ''}{address}" in text
    assert "<details><summary>More</summary>\n\nHidden *words*." in re.sub("\n{3,}", "\n\n", text)
    assert "https://outside.test/qr" in text
    assert "Words of a notice" in text and "Inside the notice." in text
    assert (
        'Escaped: `{{< youtube id >}}`. In code: `{{< figure src="x" >}}`. Of a template: `{{ .Site.Title }}`.' in text
    )
    assert '{{< ref "two.md" >}} and {{ .Title }}\n```' in text
    assert notes_on_links(run) == {"lost.md"}
    assert body("number-two").strip().endswith("[its old address](/bundle/).")


def test_the_name_of_a_translation_gives_its_language(project):
    archive = project("hugo")
    archive.write("hugo.toml", (archive.folder / "hugo.toml").read_text() + "[languages.en]\n[languages.de]\n")
    for name in ("hallo.de.md", "bonjour.fr.md"):
        archive.write(f"content/posts/{name}", "---\ntitle: X\ndate: 2020-01-01\n---\nText\n")

    archive.run()

    languages = {slug: placement.post.language for slug, placement in published().items()}
    assert (languages["hallo"], languages["bonjour-fr"], languages["bundle"]) == ("de", "", "")


def test_hugo_sections_pages_and_excerpts(project):
    run = project("hugo").run()

    assert published()["bundle"].post.excerpt == "What it is about."
    assert published()["about"].post.kind == Post.Kind.PAGE
    assert "section" in run.records["content/posts/_index.md"]["reason"]
    assert run.verdicts()["archetypes/default.md"] == "skipped"


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/2020/05/a-bundle/", "/bundle/"),
        ("/posts/bundle/", "/bundle/"),
        ("/posts/old-bundle", "/bundle/"),
        ("/older/bundle/", "/bundle/"),
        ("/older/bundle", "/bundle/"),
        ("/special/two/", "/number-two/"),
        ("/b/number-two/", "/number-two/"),
    ],
)
def test_old_addresses_of_hugo_redirect(project, techblog, visit, path, target):
    project("hugo").run()

    assert location(visit, techblog, path) == target


# -- Zola --------------------------------------------------------------------------------------------------------------


def test_zola_links_and_shortcodes(project):
    run = project("zola").run()

    text = body("one")
    assert "[two](/number-two/), [a part of two](/number-two/#part), [the colocated one](/colocated/)" in text
    assert "[the list](/) and a lost page." in text
    assert "https://www.youtube.com/watch?v=abc123" in text
    assert "Grace" in text and "Words of a *quotation*." in text and "Words of a shortcode" in text
    assert 'Escaped: `{{ youtube(id="x") }}`. In code: `{% quote() %}`.' in text
    assert notes_on_links(run) == {"@/blog/lost.md"}
    assert "/media/" in body("colocated")
    assert "[one](/one/), [its address](/one/) and [itself](/number-two/)" in body("number-two")


def test_zola_dates_taxonomies_and_old_addresses(project, techblog, visit):
    run = project("zola").run()

    posts = published()
    assert f"{posts['one'].published_at:%Y-%m-%d}" == "2014-12-12"
    assert f"{posts['dated'].published_at:%Y-%m-%d}" == "2016-05-06"
    assert posts["one"].post.excerpt == "What it is about."
    assert set(posts["one"].post.tags.values_list("slug", flat=True)) == {"rust", "release", "news"}
    assert [author.name for author in posts["one"].post.authors.all()] == ["Ada"]
    assert set(posts["dated"].post.tags.values_list("slug", flat=True)) == {"yaml"}
    assert run.verdicts()["content/blog/_index.md"] == "skipped"
    for path, target in [
        ("/2014/12/12/one/", "/one/"),
        ("/2014/12/12/one", "/one/"),
        ("/old/one", "/one/"),
        ("/old/one/", "/one/"),
        ("/b/number-two/", "/number-two/"),
        ("/blog/colocated/", "/colocated/"),
        ("/blog/dated/", "/dated/"),
    ]:
        assert location(visit, techblog, path) == target


# -- Eleventy ----------------------------------------------------------------------------------------------------------


def test_eleventy_data_tags_and_links(project, techblog, visit):
    run = project("eleventy").run()

    text = body("one")
    assert "comment" not in text and "![A dot](/media/" in text
    assert "[two](/two/), [two](/two/), [its address](/two/) and a lost page." in text
    assert "Words in a condition." in text and "https://www.youtube.com/watch?v=abc123" in text
    assert "[link](https://outside.test/) with" in text
    assert notes_on_links(run) == {"/lost/"}
    posts = published()
    assert [author.name for author in posts["one"].post.authors.all()] == ["Ada"]
    assert set(posts["one"].post.tags.values_list("slug", flat=True)) == {"js"}
    assert posts["imprint"].post.kind == Post.Kind.PAGE
    assert location(visit, techblog, "/notes/2018/01/one/") == "/one/"
    assert location(visit, techblog, "/special/two/") == "/two/"


# -- Hexo --------------------------------------------------------------------------------------------------------------


def test_hexo_tag_plugins_and_links(project, techblog, visit):
    run = project("hexo").run()

    text = body("with-picture")
    assert text.count("/media/") == 2
    assert '```js\nconst x = "{{ braces }}";\n```' in text and "Greeting" in text
    assert '<a href="/plain/">The plain post</a> and a lost post.' in text
    assert "https://www.youtube.com/watch?v=abc123" in text
    assert "Grace, A Book" in text and "Words of a *quotation*." in text
    assert "The manual" in text and "manual.pdf" not in text
    assert "Words of a tag" in text
    assert "[By address](/plain/), [by file](/plain/), [about](/about/)." in text
    assert notes_on_links(run) == {"/lost", "manual.pdf"}
    post = published()["with-picture"].post
    assert post.excerpt == "What it is about."
    assert set(post.tags.values_list("slug", flat=True)) == {"photo", "north", "sea"}
    assert published()["about"].post.kind == Post.Kind.PAGE
    assert location(visit, techblog, "/2017/08/09/with-picture/") == "/with-picture/"


# -- Astro -------------------------------------------------------------------------------------------------------------


def test_astro_components_expressions_and_links(project, techblog, visit):
    run = project("astro").run()

    text = body("first")
    assert "![A dot](/media/" in text
    assert "export" not in text and "comment" not in text
    assert (
        "Words of a title" in text and "\nInside with *emphasis*." in text and "\n- an item\n\n    and its text" in text
    )
    assert "A division.</div>" in text and "A sum: . A text: in braces." in text
    assert "https://www.youtube.com/watch?v=abc123" in text
    assert "To [second](/second/), [its address](/second/), a lost page." in text
    assert '<a href="/second/">A component that links</a>' in text
    assert "`{inline}`" in text and '```jsx\nimport x from "y";\n<Box style={{ a: 1 }}>{x}</Box>\n```' in text
    assert notes_on_links(run) == {"/blog/lost/"}
    assert "comment" not in body("second")
    assert "[first](/first/). Braces {stay} here, `{{ these }}` as code. <span>A span.</span>" in body("second")
    posts = published()
    assert f"{posts['first'].published_at:%Y-%m-%d}" == "2022-02-03"
    assert posts["first"].post.cover is not None
    assert posts["about"].post.kind == Post.Kind.PAGE
    assert location(visit, techblog, "/blog/first/") == "/first/"


# -- detection ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("jekyll/_posts", "Jekyll"),
        ("hugo/content", "Hugo"),
        ("hugo/content/posts", "Hugo"),
        ("zola/content", "Zola"),
        ("eleventy/src/posts", "Eleventy"),
        ("hexo/source/_posts", "Hexo"),
        ("astro/src/content/blog", "Astro"),
    ],
)
@pytest.mark.parametrize("with_project", [True, False])
def test_the_folder_of_the_content_alone_is_recognised(tmp_path, techblog, archive, folder, name, with_project):
    copied = folder.partition("/")[0] if with_project else folder
    shutil.copytree(ARCHIVES / copied, tmp_path / "copy" / copied)
    archive.folder = tmp_path / "copy" / folder

    run = archive.run()

    assert f"Dialect: {name} (" in run.output
    assert run.code == 0
    assert set(archive.run().verdicts().values()) <= {"unchanged", "skipped"}


def test_a_folder_without_signs_is_plain_markdown(archive):
    archive.write("a.md", "---\ndate: 2015-01-01\n---\nText.")

    assert "Dialect: plain Markdown (no sign of a known generator was found)" in archive.run().output


def test_a_configuration_in_a_folder_below_is_named(archive):
    archive.write("site/docs/_config.yml", "title: x")
    archive.write("site/docs/_posts/2015-10-26-a.md", "Text.")

    hint = "A configuration is in site/docs/_config.yml. Import its folder"

    assert hint in archive.run().output
    assert hint in archive.run("--dialect=jekyll").output
    archive.folder = archive.folder / "site/docs"
    assert "A configuration is in" not in archive.run().output


def test_the_dialect_can_be_given(archive, techblog, visit):
    archive.write("posts/2015-10-26-a.md", "---\ndate: 2015-01-01\n---\nA `{{< x >}}` {{ y }}.")

    run = archive.run("--dialect=hugo")

    assert "Dialect: Hugo (given by --dialect)" in run.output
    assert body("a") == "A `{{< x >}}` `{{ y }}`."
    assert location(visit, techblog, "/posts/2015-10-26-a/") == "/a/"


# -- links -------------------------------------------------------------------------------------------------------------


def test_a_link_to_a_file_that_is_imported_later_and_gets_a_number_leads_to_its_post(archive, techblog, publish):
    publish("Two", on=techblog)
    archive.write("a.md", "---\ndate: 2015-01-01\n---\n[x](b/two.md#part) [y](/b/two) [z](b/two/index.md)")
    archive.write("b/two.md", "---\ndate: 2015-01-01\n---\n[a](../a.md) [b](%2e%2e/a.md) [c](two.md)")

    archive.run()

    assert body("a") == "[x](/two-2/#part) [y](/two-2/) [z](/two-2/)"
    assert body("two-2") == "[a](/a/) [b](/a/) [c](/two-2/)"
    assert set(archive.run().verdicts().values()) == {"unchanged"}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("[x](/lost/)", "x"),
        ("[x]()", "x"),
        ("[a *b*](<lost page.md> 'T')", "a *b*"),
        ("[![A dot](dot.png)](lost.md)", "![A dot]({})"),
        ("[x][1] [1] [y][]\n\n[1]: /lost/ 'T'\n[y]: lost.md", "x 1 y\n\n"),
        ("<a class='z' href='/lost/'>x</a> <a href=''>y</a>", "x y"),
        ("<a href=/lost/>x</a> <a href=/a/>y</a> <b>href=lost</b>", "x <a href=/a/>y</a> <b>href=lost</b>"),
        ('<a name="a">x</a> write href="lost"', '<a name="a">x</a> write href="lost"'),
        ("<a title='a > b' href='/lost/'>x</a>", "x"),
        ("![x](film.mp4)", "x"),
        ("[x](dot.png) [y](lost.png)", "[x]({}) y"),
        ("`[x](/lost/)` and\n\n    [x](/lost/)", "`[x](/lost/)` and\n\n    [x](/lost/)"),
        ("[x](https://other.test/lost/) [y](#part) [z](mailto:a@other.test)",) * 2,
        ("[^1] text\n\n[^1]: note that stays", "[^1] text\n\n[^1]: note that stays"),
        ("[note]: some words that stay", "[note]: some words that stay"),
        ("\\[x](/lost/)", "\\[x](/lost/)"),
        ("[x](/feed.xml) [y](/index.xml)", "[x](/feed/) [y](/feed/)"),
        ("[t](/tags/python/) [u](/categories/other/)", "[t](/tag/python/) u"),
        ("[x](/) [y](/2015/01/) [z](/a/) [d](draft.md)", "[x](/) [y](/2015/01/) [z](/a/) [d](/draft/)"),
        ("[x](ttps://other.test/) <a href='mail-to:a@other.test'>y</a>", "x y"),
        ("[x](http://techblog.test/lost/) <http://techblog.test/lost/>", "x http://techblog.test/lost/"),
    ],
)  # fmt: skip
def test_a_link_without_destination_leaves_its_words(archive, source, expected):
    archive.picture("dot.png")
    archive.write("a.md", f"---\ndate: 2015-01-01\ntags: python\n---\n{source}")
    archive.write("draft.md", "---\ndraft: true\n---\n")
    archive.write("z.md", "---\ndate: 2015-01-01\n---\n![](dot.png)")

    archive.run()

    image = body("z").removeprefix("![](").removesuffix(")")
    assert body("a") == expected.replace("{}", image).strip("\n")
    assert set(archive.run().verdicts().values()) == {"unchanged"}


@pytest.mark.parametrize(
    ("link", "target"), [("/blog/release/two/", "/two/"), ("/blog/release/two.html", "/two/"), ("/blog/", "/")]
)
def test_a_link_through_the_name_of_the_imported_folder_leads_to_the_post(archive, techblog, visit, link, target):
    archive.write("blog/one.md", f"---\ndate: 2015-01-01\n---\n[x]({link}) [y](/blog/lost/) [z](/other/release/two/)")
    archive.write("blog/release/two.md", "---\ndate: 2015-01-01\n---\n")
    archive.folder = archive.folder / "blog"

    archive.run()

    assert body("one") == f"[x]({target}) y z"
    assert location(visit, techblog, "/blog/release/two/") == "/two/"


def test_a_link_to_a_post_that_is_not_live_is_reported(archive):
    archive.write("a.md", "---\ndate: 2015-01-01\n---\n[x](b.md)")
    archive.write("b.md", "---\ndraft: true\n---\n")

    assert archive.run().notes("a.md") == ["the link b.md leads to a post that is not live"]


def test_a_link_to_a_file_that_is_too_large_for_a_post_is_reported(archive):
    archive.write("a.md", "---\ndate: 2015-01-01\n---\n[x](b.md)")
    archive.write("b.md", f"---\ndate: 2015-01-01\n---\n{'[' * 20_000}")

    run = archive.run()

    assert run.verdicts() == {"a.md": "created", "b.md": "skipped"}
    assert run.notes("a.md") == ["the link b.md leads to no page of the site; its words stay"]


# -- patterns of old addresses -----------------------------------------------------------------------------------------


def test_a_pattern_of_old_addresses_can_be_given(archive, techblog, visit):
    archive.write("2015-10-26-a.md", "---\ncategories: [News]\n---\n")

    archive.run()
    run = archive.run("--old-address=/:year/:i_month/archive/:slug.php", "--old-address=/:categories/:stem/")

    assert run.verdicts() == {"2015-10-26-a.md": "updated"}
    assert location(visit, techblog, "/2015/10/archive/a.php") == "/a/"
    assert location(visit, techblog, "/news/a") == "/a/"


@pytest.mark.parametrize(
    ("pattern", "reason"), [("/:yaer/", ":yaer is unknown"), (":year/", "begin the pattern with a /")]
)
def test_a_pattern_with_an_unknown_placeholder_is_refused(archive, pattern, reason):
    archive.write("a.md", "Text.")

    with pytest.raises(CommandError, match=reason):
        archive.run(f"--old-address={pattern}")
