"""The admin: who may enter, and the base of every ModelAdmin."""

from accounts.admin import users

__all__ = ["users"]
