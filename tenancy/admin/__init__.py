"""Sites in the admin: settings, further domains and members on one form."""

from tenancy.admin import sites

__all__ = ["sites"]
