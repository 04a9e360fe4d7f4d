"""The content that `manage.py demo` loads: two blogs that share some posts.

`<site>/site.yaml` describes a site. The Markdown files beside it are posts of this site. Files in `shared/` name their
home and the sites that show them. In the front matter, `days_ago` counts back from today, so that the demo is always
recent, and `at` is the time of day in the time zone of the site. A negative `days_ago` schedules a post. A post without
`days_ago` is a draft. Texts refer to an image by the name of its file in `images/`. Links start at the root of the
site.
"""
