"""The admin surface, on ADMIN_HOST: the admin is all there is."""

from django.urls import path

from accounts.admin import site

urlpatterns = [path("", site.site.urls)]
