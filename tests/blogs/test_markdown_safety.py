"""Sanitising removes all active content, such as scripts, and does not change harmless documents."""

import os
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from blogs.markdown import Size, TooLarge, render
from blogs.markdown.balance import MAX_DEPTH, VOID
from blogs.markdown.rules import parser
from blogs.markdown.sanitise import ATTRIBUTES, TAGS, VALUES, sanitise

pytestmark = pytest.mark.pure

PARSER = parser()


class Reader(HTMLParser):
    """Collects the tags and attributes that a browser would see."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.depth, self.deepest = [], [], 0, 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *each) for each in attrs]
        self.depth += tag not in VOID
        self.deepest = max(self.deepest, self.depth)

    def handle_endtag(self, tag):
        self.depth -= 1


def assert_harmless(html):
    reader = Reader(html)
    assert set(reader.tags) <= TAGS
    assert reader.depth == 0
    for tag, name, value in reader.attributes:
        assert name in ATTRIBUTES["*"] | ATTRIBUTES.get(tag, set()) | VALUES.get(tag, {}).keys(), (tag, name)
        if name in ("href", "src", "cite"):
            address = re.sub(r"[\x00-\x20]", "", value)
            assert not re.match(
                r"[a-zA-Z][a-zA-Z0-9+.-]*:(?<!http:)(?<!https:)(?<!mailto:)(?<!tel:)", address.lower()
            ), value
        if name in ("id", "name"):
            assert value.startswith("md-")


HOSTILE = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//x.example></SCRIPT >",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    '<img src="x` `<script>alert(1)</script>"` `>',
    "<a href=javascript:alert(1)>x</a>",
    "<a href=' java\nscript:alert(1)'>x</a>",
    "<a href='&#1;javascript:alert(1)'>x</a>",
    "<a href='java&#1;script:alert(1)'>x</a>",
    "<a href='&#106;avascript&colon;alert(1)'>x</a>",
    "<a href=vbscript:x>x</a><a href='data:text/html,x'>y</a>",
    "[x](javascript:alert(1)) [y](data:text/html;base64,eA==) <javascript:alert(1)>",
    "[x]( JaVaScRiPt&colon;alert(1)) ![x](data:image/svg+xml;base64,eA==)",
    "[x]\n\n[x]: javascript:alert(1)",
    "<svg><script>alert(1)</script><a xlink:href='javascript:alert(1)'>x</a></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></table></mtext></math>",
    "<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<form action=/x><input name=q><button>b</button><select><option>o</select></form><textarea></textarea>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe><object data=x></object><embed src=x>",
    "<base href=//x.example><meta http-equiv=refresh content=0><link rel=stylesheet href=//x.example>",
    "<style>*{}</style><p style='position:fixed'>x</p>",
    "<img name=cookie><form id=body></form><a id=location name=forms>x</a><p id=top>y</p>",
    "<p class='menu skip'>x</p><p data-x=y tabindex=1 contenteditable autofocus>y</p>",
    "<img src=x srcset='javascript:x 1x'><picture><source srcset=x></picture><video src=x autoplay>",
    "<input type=image src=x><input type=checkbox onclick=x form=y>",
    "<div><!--><img src=x onerror=alert(1)>--></div><!--x--!><b>y",
    "<![CDATA[<script>alert(1)</script>]]> <?php <script> ?> <!DOCTYPE html>",
    "<a title='</a><script>x'\"><p \"'`=x>",
    "</p></div></section></body></html>",
    '```"><script>alert(1)</script>\nx\n```',
    '![a" onerror="x](y "b\' onload=\'z")',
    "<b/onclick=x/><i\x0conclick=x><u\x00onclick=x>",
    "| a |\n|---|\n| <script>x</script></td></table><b> |",
    "[^a]\n\n[^a]: <script>x</script></li></ol></section>\n",
    "# <script>x</script>` onclick=x",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_scripts_and_other_active_content_are_removed(text):
    for document in (text, f"words {text} words", f"<div>\n{text}\n</div>"):
        assert_harmless(render(document))


@pytest.mark.parametrize("content", ["script", "style", "iframe", "textarea", "title", "svg"])
def test_scripts_are_removed_with_their_content_and_other_removed_elements_keep_their_text(content):
    assert render(f"a <{content}>hidden</{content}> b") == "<p>a  b</p>\n"
    assert render("a <font color=red>shown</font> <object>b</object>") == "<p>a shown b</p>\n"


fragments = st.sampled_from(
    [*HOSTILE, *"*_`[]()<>!#\\|~^:-\"'&;/=", "\n", "\n\n", " ", "    ", "a", "é", "\xa0", "[^a]", "[^a]: "]
)
fragments |= st.sampled_from(
    ["http://a.example/", "a@b.example", "```js\n", "- [x] ", "> ", "|-|\n", "</", "<!--", "-->"]
)
fragments |= st.sampled_from([f"<{name}>" for name in sorted(TAGS)] + [f"</{name}>" for name in sorted(TAGS)])
fragments |= st.sampled_from(["> [!NOTE]\n", ":::tip\n", "==", "~2~", "a\n: b\n", "*[a]: b\n"])
documents = st.lists(fragments | st.text(max_size=5), max_size=30).map("".join)


@settings(deadline=None, max_examples=400)
@given(documents)
@example("<p><b title=x><p>y<p>z")
@example("<table><td><table></table>x</td><b>")
@example("<ul><li><a href=x><li><p><h1><h2></a></ul>")
@example("<div>\n<a>a<table>b<a title=c><colgroup>d")
@example("<div>\n<pre>\n\n\na</pre>")
def test_any_document_gives_the_same_well_formed_and_harmless_html_each_time(text):
    try:
        html = render(text)
    except TooLarge:
        return
    assert_harmless(html)
    assert render("") == ""  # rendering another text empties the cache of the last text
    assert render(text) == html
    assert sanitise(html) == html


words = st.text(st.characters(categories=["L", "N", "S", "P", "Zs"], exclude_characters="<"), min_size=1, max_size=12)
spans = st.one_of(
    words,
    st.builds("*{}*".format, words),
    st.builds("**{}**".format, words),
    st.builds("~~{}~~".format, words),
    st.builds("`{}`".format, words),
    st.builds('[{}](/x/?a=1&b="2" "\'t\'")'.format, words),
    st.builds("![{}](https://x.example/é.png)".format, words),
    st.sampled_from(
        ["https://x.example/a", "<me@x.example>", "[^1]", "  \n", "[in](#here)", "&copy; &lt; &quot;", "\\*"]
    ),
    st.sampled_from(["==m==", "H~2~O", "x^2^", "AB", "\"q\" -- 'r'..."]),
)
lines = st.lists(spans, min_size=1, max_size=6).map(" ".join)
code = st.lists(words, max_size=4).map("\n".join)
blocks = st.one_of(
    lines,
    st.builds("{} {}".format, st.sampled_from(["#", "##", "###"]), lines),
    st.builds("> {}".format, lines),
    st.builds("- {}\n- [x] {}\n\n  1. {}".format, lines, lines, lines),
    st.builds("```{}\n{}\n```".format, st.sampled_from(["", "python", "yaml", "html", "console", "x"]), code),
    st.builds("| {} | b |\n|:-:|--:|\n| {} | |".format, words, words),
    st.builds("[^1]: {}\n\n    {}".format, lines, lines),
    st.just("    indented > &amp;\n\n---"),
    st.builds("> [!NOTE] {}\n> {}".format, words, lines),
    st.builds(":::tip\n{}\n:::".format, lines),
    st.builds("{}\n: {}\n: {}".format, lines, lines, lines),
    st.builds("*[AB]: {}".format, words),
    st.just("https://youtu.be/x?a=1&b=2"),
)


@settings(deadline=None, max_examples=400)
@given(st.lists(blocks, min_size=1, max_size=6).map("\n\n".join))
def test_sanitising_does_not_change_the_html_of_markdown(text):
    try:
        html = PARSER.render(text, {"language": "fr"})
    except TooLarge:
        return
    assert sanitise(html) == html


HARMLESS = [
    '<figure><img src="/a.png" alt="A" width="3"><figcaption>A <em>b</em></figcaption></figure>',
    '<details open=""><summary>S</summary><p>t</p></details>',
    '<p>H<sub>2</sub>O m<sup>2</sup> <kbd>Ctrl</kbd> <mark>m</mark> <abbr title="A b">ab</abbr></p>',
    '<dl><dt>a</dt><dd>b</dd></dl><del cite="/x">a</del><ins datetime="2020">b</ins> <q lang="fr" dir="ltr">c</q>',
    '<table><caption>C</caption><colgroup><col span="2"></colgroup>'
    '<thead><tr><th scope="col" colspan="2">a</th></tr></thead>'
    '<tbody><tr><td align="right" rowspan="2">1</td><td>2</td></tr></tbody></table>',
    '<ol start="3" reversed="" type="a"><li value="4">a</li></ol><ul><li>b<ul><li>c</li></ul></li></ul>',
    '<a href="tel:+123" hreflang="de" target="_blank" rel="nofollow">t</a><a href="../x?y=1&amp;z">r</a>',
    '<section><h2 id="md-x">a</h2><aside role="note" aria-label="l">b</aside></section><br><hr><wbr>',
    "<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby> <b>a<i>b</i></b> <small>s</small> <var>v</var> <samp>s</samp>",
    '<blockquote cite="https://x.example"><p>a</p><footer>b</footer></blockquote> a &lt; b &amp; "c" &nbsp;',
]


@pytest.mark.parametrize("html", HARMLESS)
def test_sanitising_does_not_change_harmless_html(html):
    assert sanitise(html) == html


@pytest.mark.parametrize(
    ("html", "closed"),
    [
        ("<p>a<p>b", "<p>a</p><p>b</p>"),
        ("<ul><li>a<li>b<ul><li>c</ul></ul>d", "<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>d"),
        ("<p><a href=x><div>card</div></a></p>", '<p><a href="x"></a></p><div><a href="x">card</a></div>'),
        ("<b>a<i>b</b>c</i>", "<b>a<i>b</i></b>c"),
        (
            "<table><tr><td>1<td>2<tr><td>3</table>x",
            "<table><tbody><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></tbody></table>x",
        ),
        ("<div></p></td></div>x</br>y", "<div></div>x<br>y"),
        ("<a href=x>a<a href=y>b", '<a href="x">a</a><a href="y">b</a>'),
        ("a < b <3 <- </>", "a &lt; b &lt;3 &lt;- "),
    ],
)
def test_unclosed_elements_are_closed_as_browsers_do(html, closed):
    assert sanitise(html) == closed


@pytest.mark.parametrize("item", ["<li>", "<p>", "<dt>", "<dd>", "<tr><td>"])
def test_elements_with_optional_end_tags_do_not_nest(item):
    html = render(f"<table>{item * 200}" if item == "<tr><td>" else f"<div>{item * 200}")

    assert Reader(html).deepest <= 5
    assert Reader(html).tags.count(item[1:3].rstrip(">")) == 200


@pytest.mark.parametrize(
    "start", ["<div>", "<b>", "<ul><li>", "<b><p>", "<table><tr><td>", "<blockquote><p><i>", "<p><b><div>"]
)
@pytest.mark.parametrize("before", ["", "<div>\n", "x "])
def test_raw_html_beyond_the_maximum_depth_is_flattened_and_keeps_its_text(start, before):
    html = render(before + start * (12_000 // len(start)) + "bottom")

    assert Reader(html).deepest <= 2 * MAX_DEPTH  # HTML parsers add <tbody> and <tr> to tables
    assert "bottom" in html


def test_emphasis_beyond_the_maximum_depth_is_flattened():
    assert Reader(render("**_" * 1_500 + "a" + "_**" * 1_500)).deepest <= MAX_DEPTH


@pytest.mark.parametrize(("deep", "too_deep"), [("> " * 21, "> " * 22), ("- " * 10, "- " * 11)])
def test_a_document_with_quotes_or_lists_beyond_the_maximum_depth_is_refused(deep, too_deep):
    assert "bottom" in render(deep + "bottom")
    with pytest.raises(
        TooLarge, match=r"^Line 3: quotes and lists are nested 22 levels deep; at most 21 .* Reduce the nesting"
    ):
        render("a\n\n" + too_deep + "bottom")


@pytest.mark.skipif(
    "NEWSSTAND_ARCHIVE" not in os.environ, reason="NEWSSTAND_ARCHIVE is not set to the folder of an archive"
)
def test_sanitising_makes_all_posts_of_a_real_archive_harmless_and_changes_none_without_raw_html():
    unchanged = 0
    for path in Path(os.environ["NEWSSTAND_ARCHIVE"]).glob("posts/*.md"):
        text = re.sub(r"\A---\n.*?\n---\n", "", path.read_text(), flags=re.DOTALL)
        assert_harmless(render(text, {"x": Size(1, 1)}))
        tokens = [each for token in PARSER.parse(text) for each in (token, *(token.children or ()))]
        if not any(token.type.startswith("html") for token in tokens):
            unchanged += 1
            html = PARSER.render(text)
            assert sanitise(html) == html, path.name
    assert unchanged > 300
