"""Values of a placement that are not columns, as annotations of its queries."""

from collections.abc import Callable, Collection

from django.db import models

from blogs.models.names import Names
from blogs.models.posts import Post
from tenancy.models import SiteSettings


def _language() -> models.Case:
    """The language of the text. Empty if it is that of the site, and None if the home of a shared post has no settings.

    The subquery runs only for posts of other sites.
    """
    return models.Case(
        models.When(~models.Q(post__language=""), then=models.F("post__language")),
        models.When(post__home=models.F("site"), then=models.Value("")),
        default=models.Subquery(SiteSettings.objects.filter(site=models.OuterRef("post__home")).values("language")[:1]),
        output_field=models.CharField(),
    )


# Annotations, by the name of the row field that contains them. Functions, because Django resolves the paths of fields
# only after it has loaded all models.
_ANNOTATIONS: dict[str, Callable[[], models.Expression]] = {
    "authors": lambda: Names(Post._meta.get_field("authors"), "site_id", "post_id"),
    "tags": lambda: Names(Post._meta.get_field("tags"), "site_id", "post_id"),
    "language": _language,
}


def annotations_of(fields: Collection[str]) -> dict[str, models.Expression]:
    """The annotations for those of the fields that are not columns."""
    return {name: make() for name, make in _ANNOTATIONS.items() if name in fields}
