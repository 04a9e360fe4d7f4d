"""Posts and what they are made of, scoped by the roles of who looks (accounts/admin/scoped.py)."""

from blogs.admin import images, names, placements, posts, redirects

__all__ = ["images", "names", "placements", "posts", "redirects"]
