"""The table of surfaces: each kind of host with its own urlconf.

`TABLE` is the one place that lists them. hosts.py, the settings, the middleware, claims, health, domain checks and
Traefik's document read it. The settings import this module, so it imports no model.
"""

from dataclasses import dataclass

from django.conf import settings

from lib.setting_values import computed_once


@dataclass(frozen=True)
class Surface:
    """A kind of host. A process serves the surfaces that the setting SURFACES names."""

    name: str
    urlconf: str
    # Name of the setting that holds the host. Only the blogs have none, because they are on the domains of the sites.
    host_setting: str = ""
    # Name of the setting that holds the addresses of a deployment for this surface. Empty: the shared deployment.
    deployment_setting: str = ""
    # Whether clients reach the host through Traefik, over TLS and with a certificate. Traefik's catch-all in
    # traefik/dynamic/newsstand.yml leaves out INTERNAL_HOST; the host of a second private surface belongs there too.
    is_public: bool = True
    # The urlconf in a process that does not serve the surface. Empty: the host gets the 404 of an unknown host.
    urlconf_when_off: str = ""

    @property
    def host(self) -> str:
        """The canonical name of the surface's own host."""
        return str(getattr(settings, self.host_setting))

    @property
    def deployment(self) -> tuple[str, ...]:
        """The addresses of the surface's own deployment. They are empty if the shared deployment serves the surface."""
        return tuple(getattr(settings, self.deployment_setting)) if self.deployment_setting else ()

    @property
    def is_served(self) -> bool:
        """Whether this process serves the surface."""
        return self.name in settings.SURFACES

    @property
    def active_urlconf(self) -> str:
        """The urlconf of the surface in this process; "" if its host is unknown here."""
        return self.urlconf if self.is_served else self.urlconf_when_off


BLOGS = Surface("blogs", "blogs.pages.urls")
INTERNAL = Surface(
    "internal",
    "tenancy.internal.urls",
    host_setting="INTERNAL_HOST",
    is_public=False,
    # Each process responds to health checks.
    urlconf_when_off="tenancy.internal.health_urls",
)
ADMIN = Surface("admin", "accounts.admin.urls", host_setting="ADMIN_HOST", deployment_setting="ADMIN_DEPLOYMENT")
TABLE: tuple[Surface, ...] = (BLOGS, ADMIN, INTERNAL)


def names() -> tuple[str, ...]:
    """The names of all surfaces, in the order of the table."""
    return tuple(surface.name for surface in TABLE)


def named(name: str) -> Surface | None:
    """The surface with this name, if there is one."""
    return next((surface for surface in TABLE if surface.name == name), None)


def with_own_host() -> list[Surface]:
    """All surfaces except the blogs."""
    return [surface for surface in TABLE if surface.host_setting]


@computed_once
def reserved() -> dict[str, Surface]:
    """The surfaces by their host. No site can have one of these hosts, even where the surface is not served."""
    return {surface.host: surface for surface in TABLE if surface.host_setting}


def public_hosts() -> list[str]:
    """The surfaces' own hosts that need a certificate and DNS."""
    return [surface.host for surface in TABLE if surface.host_setting and surface.is_public]
