"""Every address of the sites; the admin's come along, as on any Wagtail."""

from django.urls import include, path
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls
from wagtailblog.feeds import PostFeed

urlpatterns = [
    path("admin/", include(wagtailadmin_urls)),
    path("feed/", PostFeed(), name="feed"),
    path("", include(wagtail_urls)),
]
