"""Posts of about 600 words of Markdown with tags and an author. They are the same in every run.

    python -m benchmarks.posts HOST COUNT

adds COUNT posts to the site at HOST.
"""

import sys
from datetime import timedelta
from typing import NamedTuple

PARAGRAPHS = 6  # per text
SENTENCES = 5  # per paragraph
NEWEST = 0  # the number of the newest post

AUTHORS = ("Ada Merrow", "Tomas Lindqvist", "Wen Okafor")
TAGS = ("Databases", "Networks", "Operations", "Python", "Reading", "Security", "Tools", "Writing")

# Beginnings and endings of titles.
SUBJECTS = ("What a backup proves", "Where the minutes went", "Two clocks disagree", "A queue that never drains")
TURNS = ("and what it does not", "on a quiet Tuesday", "after the migration", "seen from the other side", "once more")

WRITTEN = (
    "The first thing we did was nothing, because the graphs had not yet told us which of the three stories was true.",
    "A **number without its unit** is a rumour, and a rumour in a postmortem becomes policy within a week or two.",
    "Somebody had written the timeout in seconds, somebody else had read it in milliseconds, and both were certain.",
    "It helps to say aloud what you expect before you press the key, since memory rewrites expectations afterwards.",
    "We kept the old system running beside the new one for a month and compared every answer that they gave.",
    "Of eleven thousand answers forty differed, and every single one of the forty was right in the *old* system.",
    "The documentation said that this could not happen; the code, which had never read it, did it twice a day.",
    "There is a [short note about the method](https://example.org/notes/method) for those who want the longer version.",
    "What looked like a slow disk was a fast disk, shared politely by nineteen processes that all wanted to be first.",
    "Nobody likes to delete code that works, but code that works for a reason nobody remembers is already half gone.",
    "In the end the fix was four characters long, and the explanation of it filled most of a page in the handbook.",
    "Measure the thing that you mean to change, then change it, then measure again with the windows closed.",
    "Our readers noticed before our alarms did, which says something kind about readers and less about alarms.",
    "The command `pg_stat_activity` showed one session that had been idle in a transaction since the night before.",
    "If a retry can make matters worse, it will, and it will pick the hour at which everybody is already retrying.",
    "We wrote the check first this time, watched it fail for the right reason, and only then repaired the cause.",
    "Plain text survives: the notes from nine years ago still open, while the diagrams beside them no longer do.",
)

CODE = """```python
def oldest(entries):
    \"\"\"The entry that has waited longest, or None.\"\"\"
    return min(entries, key=lambda entry: entry.arrived_at, default=None)
```"""
LIST = """- write down what you expect,
- change one thing,
- look again after an hour, and after a day."""


class Text(NamedTuple):
    slug: str
    title: str
    excerpt: str
    body: str  # Markdown
    tags: tuple[str, ...]
    author: str


def text(number: int) -> Text:
    title = f"{SUBJECTS[number % len(SUBJECTS)]} {TURNS[number % len(TURNS)]}, part {number + 1}"
    paragraphs = [_paragraph(number, position) for position in range(PARAGRAPHS)]
    body = [*paragraphs[:2], "## What we saw", *paragraphs[2:4], CODE, paragraphs[4], "## What we do now", LIST]
    return Text(
        slug=f"post-{number + 1}",
        title=title,
        excerpt=f"{_sentence(number)} {_sentence(number + 1)}",
        body="\n\n".join([*body, *paragraphs[5:]]),
        tags=tuple(TAGS[(number + step) % len(TAGS)] for step in (0, 2, 5)),
        author=AUTHORS[number % len(AUTHORS)],
    )


def texts(count: int) -> list[Text]:
    """`count` texts, the newest first."""
    return [text(number) for number in range(count)]


def path(number: int) -> str:
    """The path of a post on its site."""
    return f"/{text(number).slug}/"


def _paragraph(number: int, position: int) -> str:
    begin = number * 5 + position * SENTENCES
    return " ".join(_sentence(begin + step) for step in range(SENTENCES))


def _sentence(number: int) -> str:
    return WRITTEN[number % len(WRITTEN)]


def store(host: str, count: int) -> None:
    """Publish `count` posts on the site at `host`, one per hour."""
    from django.contrib.sites.models import Site
    from django.db import transaction
    from django.utils import timezone
    from django.utils.text import slugify

    from blogs.models import Author, Placement, Post, Tag

    site = Site.objects.get(domain=host)
    authors = {name: Author.objects.get_or_create(site=site, slug=slugify(name), name=name)[0] for name in AUTHORS}
    tags = {name: Tag.objects.get_or_create(site=site, slug=slugify(name), name=name)[0] for name in TAGS}
    now = timezone.now()
    with transaction.atomic():
        for number, written in enumerate(texts(count)):
            moment = now - timedelta(hours=number + 1)
            post = Post(home=site, title=written.title, excerpt=written.excerpt, body=written.body, updated_at=moment)
            post.save()
            post.authors.set([authors[written.author]])
            post.tags.set([tags[name] for name in written.tags])
            Placement.objects.create(post=post, site=site, slug=written.slug, published_at=moment)


if __name__ == "__main__":
    import django

    django.setup()
    store(sys.argv[1], int(sys.argv[2]))
