"""settings.test with the surface `example`: adds its entry to the table of surfaces and sets its variables."""

from tenancy import surfaces

surfaces.TABLE = (
    *surfaces.TABLE,
    surfaces.Surface(
        "example",
        "tests.support.added_surface.urls",
        host_setting="EXAMPLE_HOST",
        deployment_setting="EXAMPLE_DEPLOYMENT",
    ),
)

# The settings read the table when they are imported.
from settings.environment import addresses, host  # noqa: E402
from settings.test import *  # noqa: E402, F403

EXAMPLE_DEPLOYMENT = addresses("EXAMPLE_DEPLOYMENT")
EXAMPLE_HOST = host("EXAMPLE_HOST", "example.localhost")
