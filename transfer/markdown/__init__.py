"""Imports an archive of Markdown files into a site.

Each module imports only modules above it in this list:

- `outcomes`: the result and the notes of one file
- `source`: the file as it is written
- `transfer.dialects`: what its generator makes of it
- `fields`, `drafts`: the front matter as a Draft
- `parsed_files`, `catalogue`, `text`, `images`, `preparation`: the text with addresses and images of the site
- `storing`: the rows
- `plan`, `guard`, `importer`, `summary`: all files of an import
"""
