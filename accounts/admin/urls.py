"""The urlconf of ADMIN_HOST: the admin at the root."""

from django.urls import path

from accounts.admin import site

urlpatterns = [path("", site.site.urls)]
