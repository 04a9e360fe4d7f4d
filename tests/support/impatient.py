"""settings.production for tests that wait in vain."""

from settings.production import *  # noqa: F403

PATIENCE = {"database": 2, "cache": 2}
