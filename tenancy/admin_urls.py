"""The admin surface, on ADMIN_HOST: the admin is all there is."""

from django.urls import path

from tenancy import admin_site

urlpatterns = [path("", admin_site.site.urls)]
