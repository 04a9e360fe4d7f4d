"""The urlconf of the surface `blogs`, with all addresses on the hosts of sites."""

from django.urls import path, re_path, register_converter
from django.urls.converters import IntConverter, StringConverter

from blogs.pages import feeds, icons, sitemaps, views
from blogs.slugs import is_slug


class MediaName(StringConverter):
    """The file name that `tenancy.media` gives to a file."""

    regex = r"[0-9a-f]{32}\.[a-z0-9]{3,4}"


class Key(IntConverter):
    """A primary key without leading zeros, so that each page has only one address."""

    regex = r"[1-9][0-9]{0,17}"


class Slug(StringConverter):
    """A slug of a post, a tag or an author. Other spellings of a slug match no view, see `blogs.pages.spellings`."""

    def to_python(self, value: str) -> str:
        """Raises ValueError, with which Django continues as if the path did not match."""
        if not is_slug(value):
            raise ValueError
        return value


register_converter(Key, "key")
register_converter(MediaName, "media_name")
register_converter(Slug, "unicode_slug")

urlpatterns = [
    path("", views.home, name="home"),
    path("feed/", feeds.site_feed, name="feed"),
    path("favicon.ico", icons.favicon, name="favicon"),
    path("apple-touch-icon.png", icons.touch_icon, name="touch-icon"),
    path("preview.png", icons.preview, name="preview-image"),
    path("robots.txt", views.robots, name="robots"),
    path("sitemap.xml", sitemaps.index, name="sitemap"),
    path("sitemap-<key:number>.xml", sitemaps.part, name="sitemap-part"),
    path("media/<media_name:name>", views.media, name="media"),
    path("tag/<unicode_slug:slug>/", views.tag, name="tag"),
    path("tag/<unicode_slug:slug>/feed/", feeds.tag_feed, name="tag-feed"),
    path("author/<unicode_slug:slug>/", views.author, name="author"),
    re_path(r"^(?P<year>(?:19|20|21)[0-9]{2})/(?P<month>0[1-9]|1[0-2])/$", views.month, name="month"),
    path("<unicode_slug:slug>/", views.post, name="post"),
]

handler404 = "blogs.pages.views.not_found"
