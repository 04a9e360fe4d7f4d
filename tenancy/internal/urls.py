"""The internal surface: for machines only, on INTERNAL_HOST."""

from django.urls import path

from tenancy.internal import health, views

urlpatterns = [
    *(path(address.removeprefix("/"), view) for address, view in health.VIEWS.items()),
    path("traefik/document", views.traefik_document),
]
