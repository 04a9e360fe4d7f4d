"""The internal surface: for machines only, on INTERNAL_HOST."""

from django.urls import path

from tenancy import health, views

urlpatterns = [
    path("health/live", health.live, name="live"),
    path("health/ready", health.ready, name="ready"),
    path("traefik/document", views.traefik_document, name="traefik-document"),
]
