"""The urlconf of the surface `blogs`, with all addresses on the hosts of sites."""

from django.urls import path, re_path, register_converter
from django.urls.converters import IntConverter, SlugConverter, StringConverter

from blogs.pages import feeds, sitemaps, views


class MediaName(StringConverter):
    """The file name that `tenancy.media` gives to an image."""

    regex = r"[0-9a-f]{32}\.[a-z]{3,4}"


class Key(IntConverter):
    """A primary key without leading zeros, so that each page has only one address."""

    regex = r"[1-9][0-9]{0,17}"


class PostSlug(SlugConverter):
    """The slug of a post. `-` is not a slug, because `/-/` is reserved on all hosts of sites."""

    regex = rf"(?!-/){SlugConverter.regex}"


register_converter(Key, "key")
register_converter(MediaName, "media_name")
register_converter(PostSlug, "post_slug")

urlpatterns = [
    path("", views.home, name="home"),
    path("feed/", feeds.site_feed, name="feed"),
    path("robots.txt", views.robots, name="robots"),
    path("sitemap.xml", sitemaps.index, name="sitemap"),
    path("sitemap-<key:number>.xml", sitemaps.part, name="sitemap-part"),
    path("media/<media_name:name>", views.media, name="media"),
    path("tag/<slug:slug>/", views.tag, name="tag"),
    path("tag/<slug:slug>/feed/", feeds.tag_feed, name="tag-feed"),
    path("author/<slug:slug>/", views.author, name="author"),
    re_path(r"^(?P<year>(?:19|20|21)[0-9]{2})/(?P<month>0[1-9]|1[0-2])/$", views.month, name="month"),
    path("<post_slug:slug>/", views.post, name="post"),
]

handler404 = "blogs.pages.views.not_found"
