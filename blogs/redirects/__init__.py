"""Old addresses of a site: where they lead, and which of them were removed on purpose (410).

The pages look an address up (`lookup`) when no view has a page there, and count the uses (`uses`). The admin and
`manage.py redirects` save and delete redirects (`editing`, `tables`). `blogs.publishing` tells this package when the
address of a post changes, ends or is taken again (`moves`).
"""

from blogs.redirects.editing import delete, save, validate
from blogs.redirects.lookup import OldAddress, find
from blogs.redirects.moves import Moves, ended, moved, taken_again
from blogs.redirects.rules import refusal
from blogs.redirects.tables import export, import_table, plan_import

__all__ = [
    "Moves",
    "OldAddress",
    "delete",
    "ended",
    "export",
    "find",
    "import_table",
    "moved",
    "plan_import",
    "refusal",
    "save",
    "taken_again",
    "validate",
]
