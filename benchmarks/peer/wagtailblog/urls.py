"""The URLs of the sites and, as in any Wagtail project, of the admin."""

from django.urls import include, path
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls
from wagtailblog.feeds import PostFeed

urlpatterns = [
    path("admin/", include(wagtailadmin_urls)),
    path("feed/", PostFeed(), name="feed"),
    path("", include(wagtail_urls)),
]
