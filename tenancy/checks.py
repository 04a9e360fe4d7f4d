"""System checks: every way to misconfigure Newsstand, and what to do about it."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

FIRST = "tenancy.middleware.SiteMiddleware"


@register
def site_middleware_is_first(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """ALLOWED_HOSTS = ["*"] is right only because this middleware sees each host before anything else does."""
    if settings.MIDDLEWARE[:1] == [FIRST]:
        return []
    return [Error(f"{FIRST} is not the first middleware.", hint="Put it first in MIDDLEWARE.", id="newsstand.E001")]


@register
def site_id_is_not_djangos(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    if getattr(settings, "SITE_ID", None) is None:
        return []
    return [
        Error(
            "SITE_ID is set in Django's settings; get_current_site() would ignore the host.",
            hint="Remove it. To pin a process to one site set SITE_ID in its environment.",
            id="newsstand.E002",
        )
    ]


@register
def surfaces_have_hosts_of_their_own(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    if settings.ADMIN_HOST != settings.INTERNAL_HOST:
        return []
    return [
        Error(
            f"ADMIN_HOST and INTERNAL_HOST are both {settings.ADMIN_HOST}.",
            hint="Give the admin and the internal surface different host names.",
            id="newsstand.E003",
        )
    ]
