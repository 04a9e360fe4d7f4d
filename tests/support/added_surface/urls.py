"""The urlconf of the surface `example`."""

from django.http import HttpResponse
from django.urls import path


def home(request):
    return HttpResponse("The example surface.")


urlpatterns = [path("example/", home)]
