"""The admin: access for users with a role on a site, and the base class of every ModelAdmin."""

from accounts.admin import users

__all__ = ["users"]
