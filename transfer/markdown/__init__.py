"""Imports an archive of Markdown files into a site.

Each file passes these modules in order: files (find and read it) → front_matter (split fields and text) → drafts (parse
the fields into a Draft) → preparation, which uses template_tags, links and images (rewrite the text, find the images)
→ importer and writer (store the rows, in one transaction per file).
"""
