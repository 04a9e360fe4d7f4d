"""settings.production with short timeouts, for tests of services that never respond."""

from settings.production import *  # noqa: F403

STARTUP_TIMEOUTS = {"database": 2, "cache": 2}
