"""The title of a post: a field, a heading, or the name of the file."""

import pytest

from blogs.models import Post

pytest_plugins = ["tests.support.importing"]
pytestmark = pytest.mark.sqlite


@pytest.mark.parametrize(
    ("fields", "text", "title", "body"),
    [
        ("title: Rules for `impl Trait` in ``x`y``", "Text.", "Rules for impl Trait in ``x`y``", "Text."),
        ("title: One ` alone", "Text.", "One ` alone", "Text."),
        ("newsTitle: The news", "Text.\n\n## Why?\n\nMore.", "The news", "Text.\n\n## Why?\n\nMore."),
        ("newsTitle: The news", "## Why?\n\nMore.", "The news", "## Why?\n\nMore."),
        ("seo_title: For machines", "# For readers\n\nText.", "For readers", "Text."),
        ("subtitle: Below", "Text.\n\n## Why?\n\nMore.", "My name", "Text.\n\n## Why?\n\nMore."),
        ("x: y", "![](a.png)\n\n# For readers\n\nText.", "For readers", "\n\n# For readers\n\nText."),
        ("x: y", "## Leads\n\nText.", "Leads", "Text."),
        (
            'title: Ada\'s "first" post - `x`',
            '# Ada\'s "first" post - `x`\n\nText.',
            'Ada\'s "first" post - x',
            "Text.",
        ),
        ("x: y", "<!-- words -->\n\n# Leads\n\nText.", "Leads", "Text."),
        ("title: Leads", "import A from 'b'\n\n# Leads\n\nText.", "Leads", "Text."),
        ("x: y", '# Leads {% added "1.0" %} with `{% tag %}` {#id}\n\nText.', "Leads with {% tag %}", "Text."),
        ("title: Other", "# For readers\n\nText.", "Other", "# For readers\n\nText."),
    ],
)
def test_the_title_of_a_file(archive, fields, text, title, body):
    archive.write("my-name.md", f"---\ndate: 2015-01-01\n{fields}\n---\n{text}")

    archive.run()

    post = Post.objects.get()
    assert (post.title, post.body.strip()) == (title, body.strip())
