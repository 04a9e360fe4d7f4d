"""The files of an archive as they are written: text, front matter, code. These modules know no generator."""
