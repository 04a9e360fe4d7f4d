"""The admin of posts, placements, files and redirects, limited by the user's roles (accounts/admin/scoped.py)."""

from blogs.admin import files, names, placements, posts, redirects

__all__ = ["files", "names", "placements", "posts", "redirects"]
