"""Markdown is rendered as CommonMark specifies, with our extensions."""

import json
import os
import re
from pathlib import Path

import pytest

from blogs.markdown import Size, media_names, plain_text, render
from blogs.markdown.document import post_process
from blogs.markdown.highlighting import LANGUAGES, MAX_CODE
from blogs.markdown.sanitise import sanitise

pytestmark = pytest.mark.pure

STATIC = Path(__file__).parents[2] / "blogs" / "static"

# One or two examples of each chapter of CommonMark 0.31.2. If NEWSSTAND_COMMONMARK is the path of the JSON file of the
# specification, all 652 examples are checked. The file is at https://spec.commonmark.org/0.31.2/spec.json and in the
# source package of markdown-it-py.
EXAMPLES = {
    "\tfoo\tbaz\t\tbim\n": "<pre><code>foo\tbaz\t\tbim\n</code></pre>\n",
    '\\!\\"\\#\\*no\\*\\<b>': '<p>!"#*no*&lt;b&gt;</p>\n',
    "&nbsp; &amp; &copy; &#35; &nope;": "<p>&nbsp; &amp; © # &amp;nope;</p>\n",
    "***\n---\n___\n": "<hr>\n<hr>\n<hr>\n",
    "Foo *bar*\nbaz\n---\n": "<h2>Foo <em>bar</em>\nbaz</h2>\n",
    "    a simple\n      indented\n": "<pre><code>a simple\n  indented\n</code></pre>\n",
    "~~~~\naaa\n~~~\n~~~~\n": "<pre><code>aaa\n~~~\n</code></pre>\n",
    "<div>\n*hello*\n\n*you*\n</div>\n": "<div>\n*hello*\n<p><em>you</em></p>\n</div>\n",
    '[foo]: /url "t"\n\n[foo] [Foo][]': '<p><a href="/url" title="t">foo</a> <a href="/url" title="t">Foo</a></p>\n',
    "> a\nb\n> - c\n": "<blockquote>\n<p>a\nb</p>\n<ul>\n<li>c</li>\n</ul>\n</blockquote>\n",
    "1.  a\n\n    b\n2)  c\n": '<ol>\n<li>\n<p>a</p>\n<p>b</p>\n</li>\n</ol>\n<ol start="2">\n<li>c</li>\n</ol>\n',
    "- a\n- b\n\n- c\n": "<ul>\n<li>\n<p>a</p>\n</li>\n<li>\n<p>b</p>\n</li>\n<li>\n<p>c</p>\n</li>\n</ul>\n",
    "`` foo ` bar ``": "<p><code>foo ` bar</code></p>\n",
    "*foo**bar**baz* foo_bar_": "<p><em>foo<strong>bar</strong>baz</em> foo_bar_</p>\n",
    "[link](</my uri> 'a \"b\"')": '<p><a href="/my%20uri" title="a &quot;b&quot;">link</a></p>\n',
    "<MAILTO:A@b.c> <a b>": '<p><a href="MAILTO:A@b.c">MAILTO:A@b.c</a> <a></a></p>\n',
    "foo  \nbar\\\nbaz\nqux": "<p>foo<br>\nbar<br>\nbaz\nqux</p>\n",
}
# Examples for which our result differs from the specification: we turn bare URLs into links, and we write other
# whitespace in an empty quote. The specification's own test runner ignores that whitespace, too.
DIFFERENT = {602, 608, 611, 612} | {218, 239, 240}


def plain_form(html):
    """`html` without the attributes and classes that we add to the output of CommonMark."""
    added = (
        r' id="md-[^"]*"| tabindex="0" role="group" aria-label="Code"|</?span[^>]*>|<a class="header-anchor"[^>]*></a>'
    )
    return re.sub(added, "", html)


@pytest.mark.parametrize(("text", "html"), EXAMPLES.items())
def test_render_follows_the_examples_of_commonmark(text, html):
    assert plain_form(render(text)) == html


@pytest.mark.skipif(
    "NEWSSTAND_COMMONMARK" not in os.environ, reason="NEWSSTAND_COMMONMARK is not set to the path of spec.json"
)
def test_all_examples_of_the_specification_give_its_html():
    examples = json.loads(Path(os.environ["NEWSSTAND_COMMONMARK"]).read_text())
    expected = {each["example"]: post_process(sanitise(each["html"]), {}) for each in examples}
    wrong = {
        each["example"]
        for each in examples
        if plain_form(render(each["markdown"])) != plain_form(expected[each["example"]])
    }

    assert len(examples) >= 652
    assert wrong == DIFFERENT


def test_table_alignment_is_a_class_and_not_a_style():
    html = render("| a | b | c |\n|:--|:-:|--:|\n| 1 | `|` 2 | 3 |\n")

    assert '<th class="align-left">a</th>\n<th class="align-center">b</th>\n<th class="align-right">c</th>' in html
    assert "style" not in html


def test_text_between_two_tildes_is_struck_through_and_between_single_tildes_is_not():
    assert render("~~gone~~ ~here~") == "<p><s>gone</s> ~here~</p>\n"


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("这是**加粗。**后面", "这是<strong>加粗。</strong>后面"),
        ("**「重要」**です。これは*「注意」*も。", "<strong>「重要」</strong>です。これは<em>「注意」</em>も。"),
        ("**스크립트(script)**라고", "<strong>스크립트(script)</strong>라고"),
        ("他说**“你好”**然后***“走”***了", "他说<strong>“你好”</strong>然后<em><strong>“走”</strong></em>了"),
        ("a**（中）**b", "a<strong>（中）</strong>b"),
        ("`a`**[链接](/x)。**后面", '<code>a</code><strong><a href="/x">链接</a>。</strong>后面'),
        ("这是~~删除。~~后面", "这是<s>删除。</s>后面"),
        ("葛󠄀**「城」**へ", "葛󠄀<strong>「城」</strong>へ"),
        ("这是** 不加粗。 **后面", "这是** 不加粗。 **后面"),
        ("这_是_的", "这_是_的"),
        ("**a.**b", "**a.**b"),
    ],
)
def test_emphasis_beside_cjk_characters_needs_no_spaces(text, html):
    assert render(text) == f"<p>{html}</p>\n"


def test_a_task_list_is_rendered_as_disabled_checkboxes_with_labels():
    html = render("- [ ] open\n- [x] done\n- [y] none\n")

    box = '<input type="checkbox" class="task-list-item-checkbox" aria-label="{}" disabled=""{}>'
    assert '<ul class="contains-task-list">' in html
    assert f'<li class="task-list-item">{box.format("☐", "")} open</li>' in html
    assert '<li class="task-list-item">{} done</li>'.format(box.format("☑", ' checked=""')) in html
    assert "<li>[y] none</li>" in html


def test_a_footnote_and_its_references_link_to_each_other():
    html = render("One[^a], two[^b], one again[^a], none[^c].\n\n[^a]: *First*.\n[^b]: Second.\n[^unused]: Third.\n")

    ids = re.findall(r' id="([^"]+)"', html)
    links = re.findall(r' href="#([^"]+)"', html)
    assert ids == ["md-fnref:1", "md-fnref:2", "md-fnref:1:2", "md-fn:1", "md-fn:2"]
    assert links == ["md-fn:1", "md-fn:2", "md-fn:1", "md-fnref:1", "md-fnref:1:2", "md-fnref:2"]
    assert "none[^c]" in html
    assert "Third" not in html


def test_heading_ids_keep_letters_of_all_scripts_and_are_unique():
    titles = ["Über das `Wetter`", "नमस्ते दुनिया", "What's new?", "What’s new", "!!!", "fn:1", "whats new 1", "Whats new"]

    assert re.findall(r'<h2 id="([^"]*)"', render("\n".join(f"## {title}" for title in titles))) == [
        "md-über-das-wetter",
        "md-नमस्ते-दुनिया",
        "md-whats-new",
        "md-whats-new-1",
        "md-section",
        "md-fn-1",
        "md-whats-new-1-1",
        "md-whats-new-2",
    ]


def test_links_within_the_document_get_the_prefix_of_its_ids():
    html = render(
        '[a](#my-words) <a href="#spot">b</a> [c](#top) [d](/other/#my-words)\n\n## My words\n\n<p id="spot">x</p>'
    )

    assert re.findall(r' href="([^"]*)">[a-d]', html) == ["#md-my-words", "#md-spot", "#top", "/other/#my-words"]
    assert re.findall(r' id="([^"]*)"', html) == ["md-my-words", "md-spot"]


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("# a\n## b\n###### c\n<h1>d</h1>", ["2", "3", "6", "2"]),
        ("## b\n### c\n", ["2", "3"]),
        ("### c\n", ["3"]),
    ],
)
def test_headings_are_lowered_by_one_level_only_if_the_document_has_an_h1(text, levels):
    assert re.findall(r"<h([1-6])", render(text)) == levels


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("see https://a.example/b?c=d&e#f.", ["https://a.example/b?c=d&amp;e#f"]),
        (
            "(http://a.example/x_(y)) http://a.example/__init__.py",
            ["http://a.example/x_(y)", "http://a.example/__init__.py"],
        ),
        (
            "**http://a.example**, “https://例え.jp/パス”。",
            ["http://a.example", "https://xn--r8jz45g.jp/%E3%83%91%E3%82%B9"],
        ),
        ("me.you+z@mail.a.example, a@b.example", ["mailto:me.you+z@mail.a.example", "mailto:a@b.example"]),
        ("Write to a@b.example. Or a@b.c.example.", ["mailto:a@b.example", "mailto:a@b.c.example"]),
        ("a.example www.a.example //a.example ftp://a.example xhttp://a.example", []),
        ("http:// http://. a@b a@b. a@b.1 a@b.example- a@@b.example", []),
        ("`http://a.example` [http://b.example](/c) <a href='/d'>http://b.example</a>", ["/c", "/d"]),
        ("`a@b.example` [a@b.example](/c) <a href='/d'>a@b.example</a>", ["/c", "/d"]),
    ],
)
def test_only_full_urls_and_email_addresses_become_links(text, links):
    assert re.findall(r'href="([^"]*)"', render(text)) == links


def test_external_links_get_noopener_and_keep_allowed_relations():
    html = render(
        '[a](https://x.example) [b](/b) [c](//x.example) <a href="HTTP://x.example" rel="me bad">d</a>'
        ' <a rel="nofollow" href="/e">e</a>'
    )

    assert re.findall(r"<a ([^>]*)>", html) == [
        'href="https://x.example" rel="noopener"',
        'href="/b"',
        'href="//x.example" rel="noopener"',
        'href="HTTP://x.example" rel="me noopener"',
        'rel="nofollow" href="/e"',
    ]


def test_code_is_highlighted_only_in_known_languages():
    known = render("```python title=x\nif a < b: return 'é'\n```\n")
    unknown = render("```klingon\nif a < b: return 'é'\n```\n")

    assert plain_form(known).startswith('<pre><code class="language-python">if a &lt; b')
    assert '<span class="k">if</span>' in known
    assert plain_form(known).replace("python", "klingon") == plain_form(unknown)
    assert plain_form(unknown) == "<pre><code class=\"language-klingon\">if a &lt; b: return 'é'\n</code></pre>\n"


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_highlighting_does_not_change_the_code(language):
    code = "\n\n  a = \"<b>\" # 'c'\t&amp; \n-- x: 1\n{{ d }}\n\n"

    assert re.sub(r"</?span[^>]*>", "", render(f"```{language}\n{code}```\n")) == render(f"```x\n{code}```\n").replace(
        "-x", f"-{language}"
    )


def test_code_beyond_the_limit_is_not_highlighted():
    assert "<span" in render("```js\n" + "a=1\n" * (MAX_CODE // 4) + "```\n")
    assert "<span" not in render("```js\n" + "a=1\n" * (MAX_CODE // 4 + 1) + "```\n")


def test_images_are_loaded_lazily_and_have_width_and_height():
    html = render(
        '![A "b"](/media/x/a%20b.png?v=1 "T") <img src="/media/c.png"> ![](/media/d.png)'
        ' <img src="/media/x/a b.png" width="5">',
        {"x/a b.png": Size(640, 480), "c.png": Size(1, 2)},
    )

    lazy = 'loading="lazy" decoding="async"'
    assert re.findall("<img ([^>]*)>", html) == [
        f'src="/media/x/a%20b.png?v=1" alt="A &quot;b&quot;" title="T" {lazy} width="640" height="480"',
        f'src="/media/c.png" alt="" {lazy} width="1" height="2"',
        f'src="/media/d.png" alt="" {lazy}',
        f'src="/media/x/a b.png" width="5" alt="" {lazy}',
    ]


def test_media_names_returns_the_files_that_the_document_shows_or_links_to():
    text = (
        '![a](/media/a%20b.png "t") <IMG src="/media/c.png?v=1"> [d](/media/d.pdf#p) [e]\n\n[e]: /media/e&amp;f.gif\n'
    )
    others = "/media/no `![](/media/code)` ![](https://x.example/media/z) [x](/media/) <!-- ![](/media/hidden) -->"

    assert media_names(text) == {"a b.png", "c.png", "d.pdf", "e&f.gif"}
    assert media_names(others) == set()


def test_plain_text_contains_the_words_of_the_page_except_footnotes():
    html = render(
        "# One &amp; two\n\nFoo[^1] **bar**baz,\nqux<br>x\xa0&lt;y&gt; ![alt](/a.png)\n\n- a\n- b\n\n[^1]: Note.\n"
    )

    assert plain_text(html, 200) == "One & two Foo barbaz, qux x <y> a b"


@pytest.mark.parametrize(
    ("text", "limit", "cut"),
    [
        ("one two three", 13, "one two three"),
        ("one two three", 12, "one two…"),
        ("one two, three", 9, "one two…"),
        ("one two three", 8, "one two…"),
        ("one twothree", 11, "one twothr…"),
        ("語" * 20, 10, "語" * 9 + "…"),
        ("", 5, ""),
    ],
)
def test_long_plain_text_is_truncated_between_words(text, limit, cut):
    assert plain_text(f"<p>{text}</p>", limit) == cut
    assert len(cut) <= limit


def test_line_endings_are_normalised_and_characters_that_cannot_be_stored_are_replaced():
    html = render("\ufeff# a\r\n\r\nb\rc\0d\x08e\ud800f\x0c &#1; &#0; &#xd800;\n")

    assert plain_form(html) == "<h2>a</h2>\n<p>b\nc\ufffdde\ufffdf \ufffd \ufffd \ufffd</p>\n"
    assert "\x01" not in render('<a title="&#1;">x</a>')


def luminance(colour):
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", sorted(STATIC.glob("themes/*.css")), ids=lambda path: path.stem)
def test_each_colour_of_highlighted_code_has_enough_contrast_in_each_theme(theme):
    light, dark = (STATIC / "blogs" / "code.css").read_text().split("prefers-color-scheme: dark")
    papers = re.findall(r"--sunk: (#[0-9a-f]{6})", theme.read_text())
    assert len(papers) == 2

    for paper, sheet in zip(papers, (light, dark), strict=True):
        colours = dict(re.findall(r"(--code-[a-z]+): (#[0-9a-f]{6});", sheet))
        assert len(colours) == 7
        for name, colour in colours.items():
            brighter, darker = sorted([luminance(colour), luminance(paper)], reverse=True)
            assert (brighter + 0.05) / (darker + 0.05) >= 4.5, (name, colour, paper)
