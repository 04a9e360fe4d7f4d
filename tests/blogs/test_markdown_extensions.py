"""Extensions of Markdown: callouts, marks, abbreviations, typography, cards, links to sections, wide content."""

import re

import pytest

from blogs.markdown import Size, TooLarge, plain_text, removed, render
from blogs.markdown.callouts import KINDS
from blogs.markdown.inline import MAX_ABBREVIATIONS
from blogs.markdown.languages import QUOTES
from lib.languages import Words

pytestmark = pytest.mark.pure


def paragraph(text, **options):
    html = render(text, **options)
    return re.fullmatch(r"<p>(.*)</p>\n", html, re.DOTALL)[1]


def callout(kind, title, *blocks):
    inner = "".join(f"{block}\n" for block in (f'<p class="callout-title">{title}</p>', *blocks))
    return f'<aside class="callout callout-{kind}" role="note">\n{inner}</aside>\n'


@pytest.mark.parametrize("kind", ["note", "tip", "important", "warning", "caution"])
def test_a_quote_with_a_marker_is_a_callout_of_its_kind(kind):
    html = render(f"> [!{kind.upper()}]\n> Some *text*.\n>\n> More.\n", language="en")

    assert html == callout(kind, kind.capitalize(), "<p>Some <em>text</em>.</p>", "<p>More.</p>")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("> [!tip]\n", callout("tip", "Tip")),
        ("> [!TIP] My *own*\n> x", callout("tip", "My <em>own</em>", "<p>x</p>")),
        (":::note\nx\n:::", callout("note", "Note", "<p>x</p>")),
        ("::: danger Look  \nx\n:::\ny", callout("caution", "Look", "<p>x</p>") + "<p>y</p>\n"),
        (":::info[A & b]\n- x\n:::", callout("note", "A &amp; b", "<ul>\n<li>x</li>\n</ul>")),
        ("::::note\n:::tip\nx\n:::\n::::", callout("note", "Note", callout("tip", "Tip", "<p>x</p>").rstrip())),
        ("x\n:::note\ny", "<p>x</p>\n" + callout("note", "Note", "<p>y</p>")),
        ("> [!NOTE]\n> > x", callout("note", "Note", "<blockquote>\n<p>x</p>\n</blockquote>")),
        ("> x [!NOTE]", "<blockquote>\n<p>x [!NOTE]</p>\n</blockquote>\n"),
        ("> [!OTHER]\n> x", "<blockquote>\n<p>[!OTHER]\nx</p>\n</blockquote>\n"),
        (":::other\nx\n:::", "<p>:::other\nx\n:::</p>\n"),
        ("    :::note", '<pre tabindex="0" role="group" aria-label="Code"><code>:::note\n</code></pre>\n'),
    ],
)
def test_callouts_have_titles_and_nest_and_other_markers_stay_as_text(text, html):
    assert render(text, language="en") == html


def test_the_words_of_rendering_are_in_the_language_of_the_document():
    text = "# A\n\n> [!NOTE]\n> x\n\n```\ny\n```\n\n| a |\n|---|\n"

    german, icelandic = render(text, language="de-at"), render(text, language="is")

    assert [*re.findall('aria-label="([^"]*)"', german), *re.findall("title[^>]*>([^<]*)<", german)] == [
        "Link zu diesem Abschnitt",
        "Code",
        "Tabelle",
        "Hinweis",
    ]
    assert '<p class="callout-title"><span lang="en" dir="ltr">Note</span></p>' in icelandic
    assert re.findall(' lang="([^"]*)"', icelandic) == ["en", "en", "en", "is", "en", "is"]
    assert '<code lang="is">' in icelandic
    assert '<table lang="is">' in icelandic
    assert "lang=" not in german
    assert set(KINDS.values()) <= set(Words._fields)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("==a *b* c==.", "<mark>a <em>b</em> c</mark>."),
        ("这是==重点==后面", "这是<mark>重点</mark>后面"),
        ("**a ==b** c==", "**a <mark>b** c</mark>"),
        ("a == b == c, x==y==z, ==a ==, === a ===, ==a=b==", "a == b == c, x==y==z, ==a ==, === a ===, ==a=b=="),
        ("H~2~O, CO~2~", "H<sub>2</sub>O, CO<sub>2</sub>"),
        ("x^2^ and (a+b)^n+1^", "x<sup>2</sup> and (a+b)<sup>n+1</sup>"),
        (
            "~here~ ~/a ~/b 价格~100~元 a~b c~ ^a^ a^b c^ `a~b~`",
            "~here~ ~/a ~/b 价格~100~元 a~b c~ ^a^ a^b c^ <code>a~b~</code>",
        ),
        ("a ~~b~2~ c~~", "a <s>b<sub>2</sub> c</s>"),
    ],
)
def test_mark_subscript_and_superscript_begin_and_end_where_no_other_meaning_is_likely(text, html):
    assert paragraph(text) == html


def test_a_definition_list_has_terms_and_definitions():
    html = render("Term *one*\n: First.\n: Second.\n\nTerm two\n\n: Third.\n")

    assert re.sub(r"\s*\n\s*", "", html) == (
        "<dl><dt>Term <em>one</em></dt><dd>First.</dd><dd>Second.</dd><dt>Term two</dt><dd>Third.</dd></dl>"
    )


def test_abbreviations_are_explained_in_text_but_not_in_code_and_within_words():
    html = render(
        '*[HTML]: Hypertext "x"\n*[C++]: A language\n*[HTML]: Second\n\nHTML, XHTML, `HTML`, [HTML](/x), C++.'
    )

    explained = '<abbr title="Hypertext &quot;x&quot;">HTML</abbr>'
    assert html == (
        f'<p>{explained}, XHTML, <code>HTML</code>, <a href="/x">{explained}</a>,'
        ' <abbr title="A language">C++</abbr>.</p>\n'
    )


def test_a_text_with_too_many_abbreviations_is_refused_with_its_line_number():
    text = "".join(f"*[a{number}]: b\n" for number in range(MAX_ABBREVIATIONS))

    assert "abbr" not in render(f"{text}\nx")
    with pytest.raises(TooLarge, match=r"^Line 101: the text defines more than 100 abbreviations\. Define fewer"):
        render(f"{text}*[x]: y\n\nx")


@pytest.mark.parametrize(
    ("language", "html"),
    [
        ("en", "“He said ‘no’ -- don’t”"),
        ("de", "„He said ‚no‘ -- don’t“"),
        ("de-ch", "«He said ‹no› -- don’t»"),
        ("fr-ca", "«\u202fHe said “no” -- don’t\u202f»"),
        ("ru", "«He said „no“ -- don’t»"),
        ("ja", "\"He said 'no' -- don't\""),
        ("", "\"He said 'no' -- don't\""),
    ],
)
def test_quotation_marks_are_those_of_the_language(language, html):
    dash = "--" if language in ("ja", "") else "–"
    assert paragraph("\"He said 'no' -- don't\"", language=language) == html.replace("--", dash)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ('*"a"* **"b**" ("c") a/"d"', "<em>“a”</em> <strong>“b</strong>” (“c”) a/“d”"),
        ("6\" and 7\", '90s rock, the boys' toys", '6" and 7", ’90s rock, the boys’ toys'),
        ('`"a"` "`b`" <kbd>"c"</kbd> \\"d\\"', '<code>"a"</code> “<code>b</code>” <kbd>"c"</kbd> "d"'),
        ("a--b, 1--2, x --- y, git --amend, ----, i--;", "a–b, 1–2, x — y, git --amend, ----, i--;"),
        ("wait... .... a...b", "wait… .... a…b"),
        (
            "https://x.example/a--b...c",
            '<a href="https://x.example/a--b...c" rel="noopener">https://x.example/a--b...c</a>',
        ),
        ('说"你好"吧', "说“你好”吧"),
        ('"a\nb" and "c', '“a\nb” and "c'),
    ],
)
def test_typography_changes_only_what_is_certain(text, html):
    assert paragraph(text, language="en") == html


def test_spaces_within_french_quotation_marks_do_not_break():
    assert paragraph('« a » et "b"', language="fr") == "«\u202fa\u202f» et «\u202fb\u202f»"


@pytest.mark.parametrize(
    ("language", "text", "html"),  # `_` in the HTML is a narrow no-break space
    [
        ("fr", "Quoi? Non! Oui; voici: rien.", "Quoi_? Non_! Oui_; voici_: rien."),
        ("fr-be", "Quoi ? Non   ! « Oui » : «non».", "Quoi_? Non_! «_Oui_»_: «_non_»."),
        ("fr-ca", "Quoi? Non! Oui; voici : «non».", "Quoi? Non! Oui; voici_: «_non_»."),
        (
            "fr",
            "**Gras** ! (Ah ?) Quoi ?! 9 % : `a:b;` fin",
            "<strong>Gras</strong>_! (Ah_?) Quoi_?! 9 %_: <code>a:b;</code> fin",
        ),
        ("fr", "À 12:30, a:b, ::, :-) :smile: ?id=1!x", "À 12:30, a:b, ::, :-) :smile: ?id=1!x"),
        ("fr", "`a ! b` <kbd>a ?</kbd> \\! a \\?", "<code>a ! b</code> <kbd>a ?</kbd> ! a ?"),
        (
            "fr",
            "https://x.example/a?b;c: x",
            '<a href="https://x.example/a?b;c" rel="noopener">https://x.example/a?b;c</a>_: x',
        ),
        ("fr", '"Quoi?" dit-il...', "«_Quoi_?_» dit-il…"),
        ("fr", "Déjà\u00a0: oui\u202f! «\u202fa\u202f»", "Déjà&nbsp;: oui_! «_a_»"),
        ("de", "Was? Nein! «a» :", "Was? Nein! «a» :"),
    ],
)
def test_french_has_narrow_no_break_spaces_before_its_marks_and_within_quotation_marks(language, text, html):
    rendered = paragraph(text, language=language)

    assert rendered == html.replace("_", "\u202f")
    if "<" not in html and "&" not in html and "\\" not in text:
        assert paragraph(rendered, language=language) == rendered


def test_the_source_of_a_card_and_an_address_have_no_added_spaces():
    assert 'href="https://youtu.be/a?b;c:"' in render("[x](https://youtu.be/a?b;c:)", language="fr")


@pytest.mark.parametrize("language", QUOTES)
def test_headings_keep_their_ids_in_each_language(language):
    text = '## "Quoted" don\'t -- x...\n'

    assert re.findall(' id="([^"]*)"', render(text, language=language)) == re.findall(' id="([^"]*)"', render(text))


@pytest.mark.parametrize(
    ("address", "service", "label"),
    [
        ("https://www.youtube.com/watch?v=abc&t=1", "YouTube", "youtube.com/watch?v=abc&amp;t=1"),
        ("https://youtu.be/abc", "YouTube", "youtu.be/abc"),
        ("https://vimeo.com/123", "Vimeo", "vimeo.com/123"),
        (
            "https://mastodon.example/@me@x.example/109876543210",
            "Mastodon",
            "mastodon.example/@me@x.example/109876543210",
        ),
        ("https://codepen.io/me/pen/abc", "CodePen", "codepen.io/me/pen/abc"),
    ],
)
def test_a_paragraph_with_only_a_link_to_a_service_is_a_card(address, service, label):
    html = render(f"a\n\n{address}\n")

    assert html.count("<p") == 2
    assert f'<p class="link-card"><a href="{address.replace("&", "&amp;")}" rel="noopener">' in html
    assert f'<span class="link-card-service">{service}</span> {label}</a></p>' in html
    assert not re.search("<(img|iframe|script)|src=", html)


def test_a_card_shows_the_words_of_its_link():
    assert '<span class="link-card-service">Vimeo</span> My film</a>' in render("[My film](https://vimeo.com/1)")


def test_a_picture_with_a_link_to_a_service_is_the_preview_of_its_card():
    picture = f"/media/{'0' * 32}.webp"

    card = render(f"[![My *film*]({picture})](https://youtu.be/abc)", {picture[7:]: Size(640, 360)})

    assert card == (
        f'<p class="link-card"><a href="https://youtu.be/abc" rel="noopener"><img src="{picture}" alt="" loading="lazy"'
        ' decoding="async" width="640" height="360"><span class="link-card-service">YouTube</span> My film</a></p>\n'
    )


@pytest.mark.parametrize(
    ("picture", "address"),
    [
        ("https://img.youtube.com/vi/abc/0.jpg", "https://www.youtube.com/watch?v=abc"),
        ("http://i.ytimg.com/vi/abc/0.jpg", "https://youtu.be/abc"),
        ("//i.vimeocdn.com/video/1.jpg", "https://vimeo.com/1"),
        ("https://shots.codepen.io/me/pen/abc-800.jpg", "https://codepen.io/me/pen/abc"),
        ("https://social.example/media/1.png", "https://social.example/@me/109876543210"),
    ],
)
def test_a_preview_that_the_service_holds_is_left_out(picture, address):
    card = render(f"[![Words]({picture})]({address})")

    assert "<img" not in card
    assert "</span> Words</a>" in card


def test_a_preview_without_alternative_text_is_labelled_with_the_address():
    card = render("[![](https://pictures.example/a.png)](https://vimeo.com/1)")

    assert '<img src="https://pictures.example/a.png" alt=""' in card
    assert '<span class="link-card-service">Vimeo</span> vimeo.com/1</a>' in card


def test_pictures_with_other_links_and_among_words_are_no_cards():
    for text in ("[![a](/a.png)](https://x.example/)", "x [![a](/a.png)](https://youtu.be/abc)"):
        assert "link-card" not in render(text)


@pytest.mark.parametrize(
    ("html", "address", "label"),
    [
        (
            '<iframe width="560" height="315" src="https://www.youtube.com/embed/abc_d-e?start=3" title="A &amp; b"'
            " allowfullscreen></iframe>",
            "https://www.youtube.com/watch?v=abc_d-e",
            "A &amp; b",
        ),
        (
            "<iframe src='//www.youtube-nocookie.com/embed/abcde'>\n</iframe>",
            "https://www.youtube.com/watch?v=abcde",
            "youtube.com/watch?v=abcde",
        ),
        ('<IFRAME src="https://player.vimeo.com/video/12?h=3"></IFRAME>', "https://vimeo.com/12", "vimeo.com/12"),
    ],
)
def test_an_iframe_with_a_player_is_a_card_and_not_named_as_removed(html, address, label):
    card = render(f"before\n\n{html}\n\nafter")

    assert f'<p class="link-card"><a href="{address}" rel="noopener">' in card
    assert f"</span> {label}</a></p>" in card
    assert removed(html) == ()


@pytest.mark.parametrize(
    "html",
    [
        '<iframe src="https://x.example/?https://www.youtube.com/embed/abcde"></iframe>',
        '<iframe src="https://www.youtube.com/watch?v=abcde"></iframe>',
        '<iframe src="https://www.youtube.com/embed/abcde"></iframe><p>more</p>',
    ],
)
def test_other_iframes_are_removed_and_named(html):
    assert "link-card" not in render(html)
    assert str(removed(html)[0]) == "<iframe> with its content"


@pytest.mark.parametrize(
    "text",
    [
        "See https://youtu.be/abc",
        "https://youtube.com.x.example/watch?v=a",
        "https://x.example/?u=https://youtu.be/a",
        "`https://youtu.be/abc`",
        "https://youtu.be/a https://youtu.be/b",
        "https://vimeo.com/about",
        "https://x.example/@me/about",
    ],
)
def test_other_links_are_not_cards(text):
    assert "link-card" not in render(text)


def test_headings_have_a_named_link_to_themselves_that_is_not_part_of_their_text():
    html = render("## One `two`\n\n## !!!\n\n##\n", language="en")

    anchor = '<a class="header-anchor" href="#md-{0}" aria-label="Link to this section"></a>'
    assert f'<h2 id="md-one-two">One <code>two</code>{anchor.format("one-two")}</h2>' in html
    assert html.count("header-anchor") == 2
    assert plain_text(html, 100) == "One two !!!"


@pytest.mark.parametrize("space", ["", " ", "  ", "\n"])
def test_a_footnote_reference_follows_the_word_before_it_without_a_space(space):
    html = render(f"word{space}[^1]{space}[^1] next\n\n[^1]: x\n")

    assert re.sub(r"<sup.*?</sup>", "^", html).startswith("<p>word^^ next</p>")
    assert '<p>x&nbsp;<a href="#md-fnref:1"' in html


def test_wide_tables_and_code_can_be_scrolled_by_keyboard_and_have_names():
    html = render("| a |\n|---|\n\n    code\n\n<pre class='x' aria-label='y'>raw</pre>\n", language="en")

    group = 'tabindex="0" role="group" aria-label='
    assert f'<div class="table-scroll" {group}"Table"><table>' in html
    assert html.count("</table></div>") == 1
    assert html.count(f'<pre {group}"Code">') == 1
    assert html.count(f'<pre {group}"Code" class="x">') == 1


def test_only_the_outermost_table_scrolls():
    html = render("<table><tr><td><table><tr><td>a</td></tr></table></td></tr></table><table></table>")

    assert re.findall(r"</?(?:div|table)", html) == [
        *("<div", "<table", "<table", "</table", "</table", "</div"),
        *("<div", "<table", "</table", "</div"),
    ]


def test_a_summary_has_formulas_and_cards_only_if_there_is_no_other_text():
    card = "https://vimeo.com/1"

    assert plain_text(render(f"One $x$.\n\n$$\n\\frac12\n$$\n\n{card}\n\nTwo."), 100) == "One x . Two."
    assert plain_text(render(card), 100) == "Vimeo vimeo.com/1"
