"""Imports an archive of Markdown files into a site.

These modules process each file, in this order: files (find and read the file) → front_matter (separate fields from
text) → drafts (parse the fields into a Draft) → plan (decide the addresses of all posts) → preparation, which uses
template_tags, links, catalogue and images (rewrite the text, find the images and the destinations of links) → importer
and writer (store the rows, several new files in one transaction).
"""
