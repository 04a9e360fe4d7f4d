"""An archive of Markdown files becomes posts of a site.

A file goes through these modules in this order: files (which there are) → front_matter (fields and text) → reading (a
Draft) → preparing, with tags, links and pictures (a text of ours) → storing and posts (rows, one transaction a file).
"""
