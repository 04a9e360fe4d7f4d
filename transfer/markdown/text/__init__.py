"""Reads and rewrites the text of a post: template tags, links, images that are missing."""
