"""The admin of posts, placements, images and redirects, limited by the user's roles (accounts/admin/scoped.py)."""

from blogs.admin import images, names, placements, posts, redirects

__all__ = ["images", "names", "placements", "posts", "redirects"]
