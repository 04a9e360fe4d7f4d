"""The importer converts template tags and links in texts and does not change code."""

import time

import pytest

from transfer.dialects import DIALECTS
from transfer.dialects.mdx import as_markdown
from transfer.markdown.source import code
from transfer.markdown.text import links, template_tags

pytestmark = [pytest.mark.rollback, pytest.mark.sqlite]


PLAIN = DIALECTS["plain"]()


def expanded(text, **variables):
    return template_tags.expand(text, 1, variables, PLAIN)[0]


def notes(text, first_line=1):
    return [(note.line, note.message) for note in template_tags.expand(text, first_line, {}, PLAIN)[1]]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('{% image "assets/a.png" "A cat" %}', "![A cat](/assets/a.png)"),
        ('{% image "/assets/a.png" "A [fine] cat" %}\n', "![A \\[fine\\] cat](/assets/a.png)\n"),
        ('{% image "assets/a.png" %}{.wide}', "![](/assets/a.png)"),
        ('{% image_with_class "assets/a.png" "wide" "A \\"cat\\"" %}', '![A "cat"](/assets/a.png)'),
        ("{% image “assets/a.png” “A cat” %}", "![A cat](/assets/a.png)"),
        ('<p>{% image "assets/a.png" "A \'cat\'" %}</p>', '<p><img src="/assets/a.png" alt="A &#x27;cat&#x27;"></p>'),
        ('{% image "assets/a cat.png" "A" %}', '<img src="/assets/a cat.png" alt="A">'),
        (
            '{% include "figure.html",\n  image: "/a.png",\n  alt: "A cat",\n  caption: "Tom & co" %}',
            '<figure><img src="/a.png" alt="A cat"><figcaption>Tom &amp; co</figcaption></figure>',
        ),
        ('{{< figure src="/a.png" alt="A cat" >}}', "![A cat](/a.png)"),
        ('[x]({{ "/2014/01/02/x/" | url }})', "[x](/2014/01/02/x/)"),
        ("[x]({{ '/x/' | relative_url }})", "[x](/x/)"),
        ('<img src="{{ "/a.gif" | url }}" />', '<img src="/a.gif" />'),
        ("[x]({{site.baseurl}}/x/)", "[x](/x/)"),
        ('{% youtubeEmbed "abc123" %}', "https://www.youtube.com/watch?v=abc123"),
        ('{% lite-vimeo id="123" %}', "https://vimeo.com/123"),
        ("[x]({{ site.baseurl }}{% post_url 2014-01-02-x %})", "[x](/_posts/2014-01-02-x)"),
        ("[x]({% link _posts/2014-01-02-x.md %})", "[x](/_posts/2014-01-02-x.md)"),
        ("a {% raw %}{{ b }} {% c %}{% endraw %} d", "a {{ b }} {% c %} d"),
        ("{%raw%}{{{%endraw%} x }}", "{{ x }}"),
        ("a{%- comment -%}{{ b }}{% endcomment %}c", "ac"),
        ("{% highlight python %}\nx = {{ y }}\n{% endhighlight %}", "```python\nx = {{ y }}\n```"),
        ("text {: .lead #top }\n", "text\n"),
        ("# Head {#top}\n{.font-small .wide}", "# Head\n"),
        ("{: .lead}", ""),
        ("a {b} {} {1: 2}", "a {b} {} {1: 2}"),
        ('[x](/a){:target="_blank"} [y](/b){target="_blank" rel=nofollow} `c`{:.d}', "[x](/a) [y](/b) `c`"),
        ('# Head {#top .wide data-x="y"}', "# Head"),
        ("a {# comment #} b {#comment#} {#-\n{{ c }}\n-#} d", "a  b   d"),
        ("a {{ '{{' }} b {{ \"{%\" }}", "a `{{` b `{%`"),
        (
            "a {{</* b */>}} {{%/* c */%}} {{/* d() */}} {%/* e() */%}",
            "a `{{< b >}}` `{{% c %}}` `{{ d() }}` `{% e() %}`",
        ),
        ("`{{</* b */>}}` `{%/* c() */%}`", "`{{< b >}}` `{% c() %}`"),
        ("<div markdown='1'>\n*a*\n</div>", "<div markdown='1'>\n\n*a*\n</div>"),
        ("{% youtube abc %}", "https://www.youtube.com/watch?v=abc"),
        ('{{< vimeo id="1" title="A talk" >}}', "[A talk](https://vimeo.com/1)"),
        ("{{< gist ada 1 >}}", "https://gist.github.com/ada/1"),
        (
            'a {{ youtube(id="abc") }} b',
            'a <a href="https://www.youtube.com/watch?v=abc">https://www.youtube.com/watch?v=abc</a> b',
        ),
        ("{{< highlight html >}}\n{{ b }}\n```\n{{< /highlight >}}", "````html\n{{ b }}\n```\n````"),
        ('[x]({{< ref "a b/two.md#c" >}})', "[x](a%20b/two.md#c)"),
        ("{% codeblock lang:js %}\nx\n{% endcodeblock %}", "```js\nx\n```"),
    ],
)
def test_known_template_tags_become_markdown_or_html(source, expected):
    assert expanded(source) == expected
    assert notes(source) == []


def test_template_tags_can_use_fields_of_the_front_matter():
    assert expanded("![x]({{ page.image | url }})", image="/a.png") == "![x](/a.png)"
    assert expanded("{{ excerpt }}", excerpt="So it is.") == "So it is."


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a {% unknown abc %} b", "a  b"),
        ('{% unknown "Some words" %}', "Some words"),
        ("{{< unknown https://video.example/1 >}}", "https://video.example/1"),
        ('{{< unknown src="https://video.example/1" title="A talk" >}}', "[A talk](https://video.example/1)"),
        ("{% if page.x %}a{% else %}b{% endif %}", "ab"),
        ("{% box %}Mind the *gap*.{% endbox %}", "Mind the *gap*."),
        ('[x]({{ "https://other.test/" | ownFilter }}) y', "[x](https://other.test/) y"),
        ('<a href="{{ "https://other.test/" | own: "Z" }}">x</a>', '<a href="https://other.test/">x</a>'),
        ('<a href="/x">{% shot "The words", "https://other.test/" %}</a>', '<a href="/x">The words</a>'),
        ('[{% shot "The words", "https://other.test/" %}](/x)', "[The words](/x)"),
        ('by {{ "ada" | team_link }}.', "by ada."),
        ("a {{ page.nothing }} b", "a  b"),
        ("a {{< unknown abc >}} b", "a  b"),
        ('{{ "https://video.example/1" | embed: "A talk" }}', "[A talk](https://video.example/1)"),
        ('<p>{{ "https://video.example/1" | embed }}</p>',
         '<p><a href="https://video.example/1">https://video.example/1</a></p>'),
        ("{% comment %} never closed", " never closed"),
        ("{% raw %} never {{ closed", " never {{ closed"),
    ],
)  # fmt: skip
def test_an_unknown_tag_is_removed_and_reported_and_its_content_is_kept(source, expected):
    assert expanded(source) == expected
    assert notes(source)


def test_a_note_on_an_unknown_tag_contains_its_line_number():
    assert [line for line, _ in notes("{% a %}\n\n{{ b\n}} {% c %}\n{% enda %}{% d %}", first_line=10)] == [
        10,
        12,
        13,
        14,
    ]


@pytest.mark.parametrize(
    "text",
    [
        "`{{ x }}`",
        "``{% x %} ` ``",
        "```\n{{ x }}\n{: .y}\n```",
        "~~~~ liquid\n{% x %}\n~~~\n~~~~",
        "- ```\n  {{ x }}\n  ```",
    ],
)
def test_template_tags_in_code_are_unchanged(text):
    assert expanded(text) == text
    assert notes(text) == []


def test_the_tag_raw_is_also_converted_in_code():
    assert expanded("```\n{% raw %}{{{% endraw %} x }} {{ y }}\n```") == "```\n{{ x }} {{ y }}\n```"
    assert expanded("`{% raw %}{{ x }}{% endraw %}`") == "`{{ x }}`"


def test_code_spans_are_found_as_commonmark_defines_them():
    text = "a `b` \\`c ``d ` e`` `f\n\ng`\n```\nh\n"
    assert [text[begin:end] for begin, end in code.spans(text)] == ["`b`", "``d ` e``", "```\nh\n"]


def test_indented_code_is_code_but_the_text_of_lists_and_footnotes_is_not():
    text = "a\n\n    b\n\n- c\n\n    d\n\n      e\n\n[^1]: f\n\n    g\n"
    assert [text[begin:end].strip() for begin, end in code.spans(text)] == ["b", "e"][: len(code.spans(text))]
    assert text.index("b") in range(*code.spans(text)[0])
    inside = code.membership(text)
    assert not any(inside(text.index(letter)) for letter in "acdfg")
    assert not code.spans(text, indented=False)


OWN = links.OwnDomains(["techblog.test", "old.example.com"])


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("[x](http://techblog.test/a/?b=c#d)", "[x](/a/?b=c#d)"),
        ("[x](https://old.example.com)", "[x](/)"),
        ("[x](HTTPS://OLD.example.com:443/a 'title')", "[x](/a 'title')"),
        ("[x](//old.example.com/a)", "[x](/a)"),
        ("[x](<http://techblog.test/a b>)", "[x](</a b>)"),
        ("[x](http://techblog.test/a_(b))", "[x](/a_(b))"),
        ("[`x`](http://techblog.test/a)", "[`x`](/a)"),
        ("[x]: http://techblog.test/a", "[x]: /a"),
        ('<a href="http://techblog.test/a">x</a>', '<a href="/a">x</a>'),
        ("<a class='y' href = 'http://techblog.test/a'>x</a>", "<a class='y' href = '/a'>x</a>"),
        ("see <http://techblog.test/a>", "see [http://techblog.test/a](/a)"),
        ("[x](http://techblog.test//evil.test/a)", "[x](/evil.test/a)"),
    ],
)
def test_links_to_domains_of_the_site_become_relative(source, expected):
    assert links.LinkedText(source).rewritten(OWN.relative) == expected


@pytest.mark.parametrize(
    "text",
    [
        "[x](http://other.test/a)",
        "[x](http://techblog.test.evil.test/a)",
        "[x](http://techblog.test@evil.test/a)",
        "[x](http://sub.techblog.test/a)",
        "[x](/a) [y](#b) [z](mailto:a@techblog.test)",
        "`[x](http://techblog.test/a)`",
        "```\n<a href='http://techblog.test/a'>\n```",
        "http://techblog.test/a",
    ],
)
def test_links_to_other_hosts_and_code_are_unchanged(text):
    assert links.LinkedText(text).rewritten(OWN.relative) == text


@pytest.mark.parametrize(
    "piece",
    [
        "{%",
        "{{",
        "{% raw %}",
        "{% comment %}",
        "{: ",
        "{.a ",
        "`",
        "``` ",
        "](",
        "[x]: ",
        '{% a "',
        "<a href=",
        " ",
        "\t{",
        "{% ",
        "{{",
        "{{<",
        "{/*",
        "<div markdown=",
        "{{< a ",
        "{{< highlight >}}",
        "{#",
        "{# ",
        "{",
        "}",
        "{}",
        "[",
        "]",
        "[a](",
        "[a](b",
        "[a](b '",
        "[a][",
        "[a]",
        "<a href='b'>",
        "<a href=b ",
        " href=b",
        "<A ",
        "<A b={",
        "<A>\n",
        "<A b='c' ",
        "import a\n",
        "export {\n",
        "a={{",
        "    a\n\n",
        "{% quote(a=1) %}",
        '{{ "',
        ')({a="',
    ],
)
def test_hostile_texts_are_converted_in_linear_time(piece):
    def seconds(length):
        text = piece * (length // len(piece))
        started = time.process_time()
        text = as_markdown(text, "a.md", 1)[0]
        text = as_markdown(text, "a.mdx", 1)[0]
        text = template_tags.expand(text, 1, {}, PLAIN)[0]
        links.LinkedText(text).without(lambda address: True)
        links.LinkedText(text).rewritten(OWN.relative)
        return time.process_time() - started

    assert seconds(200_000) < 5
