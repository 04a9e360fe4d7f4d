"""Absolute URLs of a domain. Scheme and port come from the settings, never from the request."""

from django.conf import settings


def absolute_url(domain: str, path: str = "/") -> str:
    port = f":{settings.PUBLIC_PORT}" if settings.PUBLIC_PORT else ""
    return f"{settings.PUBLIC_SCHEME}://{domain}{port}{path}"
