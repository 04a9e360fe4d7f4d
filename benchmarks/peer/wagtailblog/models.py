"""A blog as in Wagtail's tutorial: a home page, posts with tags and authors below it, and a style for each site.

Lists use a fixed number of queries.
"""

from typing import Any, Self

from django.db import models
from django.http import HttpRequest
from modelcluster.contrib.taggit import ClusterTaggableManager
from modelcluster.fields import ParentalKey, ParentalManyToManyField
from taggit.models import TaggedItemBase
from wagtail.contrib.settings.models import BaseSiteSetting, register_setting
from wagtail.fields import RichTextField
from wagtail.models import Page, PageManager
from wagtail.query import PageQuerySet
from wagtail.snippets.models import register_snippet

POSTS_A_PAGE = 10


@register_setting
class Look(BaseSiteSetting):
    tagline = models.CharField(max_length=200)
    accent = models.CharField(max_length=7)


@register_snippet
class Author(models.Model):
    name = models.CharField(max_length=100)
    slug = models.SlugField()

    def __str__(self) -> str:
        return self.name


class PostTag(TaggedItemBase):
    content_object = ParentalKey("PostPage", on_delete=models.CASCADE, related_name="tagged_items")


class PostQuerySet(PageQuerySet):
    def newest_below(self, home: Page) -> Self:
        return self.child_of(home).live().order_by("-published_at", "-pk").prefetch_related("authors")


class HomePage(Page):
    def get_context(self, request: HttpRequest) -> dict[str, Any]:
        posts = PostPage.objects.newest_below(self).defer("body")
        return super().get_context(request) | {"posts": posts[:POSTS_A_PAGE]}


class PostPage(Page):
    published_at = models.DateTimeField(db_index=True)
    summary = models.TextField()
    body = RichTextField()
    authors = ParentalManyToManyField(Author)
    tags = ClusterTaggableManager(through=PostTag)

    objects = PageManager.from_queryset(PostQuerySet)()

    def get_context(self, request: HttpRequest) -> dict[str, Any]:
        """Query the authors and tags once, because the template shows them several times."""
        context = super().get_context(request)
        return context | {"authors": list(self.authors.all()), "tags": list(self.tags.all())}
