"""The urlconf of the internal host in a process that does not serve the internal surface: only health checks."""

from django.urls import path

from tenancy.deployments import READY_PATH
from tenancy.internal import health

urlpatterns = [
    path("health/live", health.live),
    path(READY_PATH.removeprefix("/"), health.ready),
]
# All other paths get the same response as an unknown host.
handler404 = "tenancy.responses.unknown_host"
