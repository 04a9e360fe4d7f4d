"""The accounts of the demo: at least one per role, all with the same password."""

from typing import NamedTuple

from accounts.models import Role

# This public password is for a laptop only: `loading.load` refuses an installation that serves https.
PASSWORD = "newsstand"  # noqa: S105


class Account(NamedTuple):
    email: str
    name: str  # The account is linked to the author with this name.
    site: str | None = None  # The folder of the site on which the account has the role, or None for a superuser.
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
