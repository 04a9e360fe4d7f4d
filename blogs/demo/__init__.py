"""What `manage.py demo` puts into an empty installation: two blogs, some posts of which stand on both.

`<site>/site.yaml` is a site; every Markdown file beside it is a post at home there, and those in `shared/` name their
home and the sites they stand on. In the front matter, `days_ago` counts back from today and `at` is the time of the
site's own clock, so that the demo is never old; a negative `days_ago` is a scheduled post, none is a draft.
Images are named by their file in `images/`; links lead from the root of the site, as everywhere.
"""
