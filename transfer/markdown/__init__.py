"""Imports an archive of Markdown files into a site.

These modules process each file, in this order: files (find and read the file) → front_matter (separate fields from
text) → drafts (parse the fields into a Draft) → preparation, which uses template_tags, links and images (rewrite the
text and find the images) → importer and writer (store the rows, several new files in one transaction).
"""
