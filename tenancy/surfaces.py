"""The installation's own hosts."""

from django.conf import settings


def reserved() -> dict[str, str]:
    """Hosts of the installation's own surfaces, which no site can claim, each with its surface."""
    return {settings.ADMIN_HOST: "admin", settings.INTERNAL_HOST: "internal"}
