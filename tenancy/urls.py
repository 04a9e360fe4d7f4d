"""The internal surface: for machines only, on INTERNAL_HOST."""

from django.urls import path

from tenancy import views

urlpatterns = [path("health/live", views.live, name="live")]
