"""Renders stored posts again, after the language of their home or the program has changed."""

from django.core.exceptions import ValidationError
from django.db import transaction

from blogs import markdown
from blogs.models import Post
from blogs.publishing.rows import locked


def render_again(post: Post) -> bool:
    """Write the HTML and the summary of the stored post if they differ. Returns whether they do.

    The operator calls this on the command line, so it checks no permission. It is not an edit: version and dates stay.
    Raises ValidationError if a limit on texts, set after the post was saved, refuses its text. The old HTML stays then.
    """
    with transaction.atomic():
        stored = locked(post)
        before = stored.body_html, stored.summary
        try:
            stored.render()
        except markdown.TooLarge as error:
            raise ValidationError({"body": str(error)}) from error
        if (stored.body_html, stored.summary) == before:
            return False
        stored.save(update_fields=["body_html", "summary"])
    return True
