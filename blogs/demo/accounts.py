"""The accounts of the demo: one per role, all with the same password."""

from typing import NamedTuple

from accounts.models import Role

# For a laptop only: `loading.load` refuses an installation that serves https.
PASSWORD = "newsstand"  # noqa: S105


class Account(NamedTuple):
    email: str
    name: str  # an author with this name belongs to the account
    site: str | None = None  # folder of the site with the role; None for a superuser
    role: Role | None = None

    @property
    def role_text(self) -> str:
        return "superuser" if self.role is None else f"{self.role.label.lower()} of {self.site}"


CAST = [
    Account("admin@example.com", "Administrator"),
    Account("owner@example.com", "Mara Lindqvist", "techblog", Role.OWNER),
    Account("editor@example.com", "Tobias Okafor", "techblog", Role.EDITOR),
    Account("author@example.com", "Inès Caradec", "techblog", Role.AUTHOR),
    Account("finance-editor@example.com", "June Whitlock", "financeblog", Role.EDITOR),
]

# (e-mail, role), as the command prints them.
ACCOUNTS = [(account.email, account.role_text) for account in CAST]
