"""The Atom feed of a site, with Django's syndication framework."""

from datetime import datetime

from django.contrib.syndication.views import Feed
from django.http import HttpRequest
from django.utils.feedgenerator import Atom1Feed
from wagtail.models import Site
from wagtail.rich_text import expand_db_html
from wagtailblog.models import POSTS_A_PAGE, PostPage


class PostFeed(Feed):
    """The full texts of the ten newest posts."""

    feed_type = Atom1Feed

    def get_object(self, request: HttpRequest) -> tuple[HttpRequest, Site]:
        return request, Site.find_for_request(request)

    def title(self, target: tuple[HttpRequest, Site]) -> str:
        return target[1].site_name

    def link(self, target: tuple[HttpRequest, Site]) -> str:
        return target[1].root_url

    def items(self, target: tuple[HttpRequest, Site]) -> list[PostPage]:
        request, site = target
        posts = PostPage.objects.newest_below(site.root_page).prefetch_related("tagged_items__tag")[:POSTS_A_PAGE]
        for post in posts:
            post.link = post.get_full_url(request)
        return list(posts)

    def item_title(self, post: PostPage) -> str:
        return post.title

    def item_link(self, post: PostPage) -> str:
        return post.link

    def item_description(self, post: PostPage) -> str:
        return expand_db_html(post.body)

    def item_author_name(self, post: PostPage) -> str:
        return ", ".join(author.name for author in post.authors.all())

    def item_categories(self, post: PostPage) -> list[str]:
        return [item.tag.name for item in post.tagged_items.all()]

    def item_pubdate(self, post: PostPage) -> datetime:
        return post.published_at

    def item_updateddate(self, post: PostPage) -> datetime:
        return post.published_at
