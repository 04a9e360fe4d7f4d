"""What machines ask on the internal surface."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe


@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The process answers; says nothing about database or cache."""
    return HttpResponse("live\n", content_type="text/plain")
