"""Static site generators whose folders can be imported.

Each module knows the dates, the addresses, the links between files and the template tags of one generator. `base`
describes the interface, `detection` finds the generator of a folder.
"""

from transfer.dialects.base import Dialect, Project
from transfer.dialects.detection import DIALECTS, Detected, detect
from transfer.dialects.page import Page

__all__ = ["DIALECTS", "Detected", "Dialect", "Page", "Project", "detect"]
