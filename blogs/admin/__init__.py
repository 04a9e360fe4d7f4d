"""The admin of content, limited by the roles of the user (accounts/admin/scoped.py)."""

from blogs.admin import images, names, placements, posts, redirects

__all__ = ["images", "names", "placements", "posts", "redirects"]
