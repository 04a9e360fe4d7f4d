"""The internal surface, on INTERNAL_HOST: for health checks and Traefik, not for browsers."""

from django.urls import path

from tenancy.internal import health_urls, views

urlpatterns = [
    *health_urls.urlpatterns,
    path("traefik/document", views.traefik_document),
]
