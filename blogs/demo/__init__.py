"""The content that `manage.py demo` loads: two blogs that share some posts.

`<site>/site.yaml` describes a site. The Markdown files beside it are posts of this site. Those in `shared/` name their
home and the sites that show them. In the front matter, `days_ago` counts back from today and `at` is the time of day
in the time zone of the site, so that the demo is always recent. A negative `days_ago` schedules a post, and a post
without it is a draft. Texts name an image by its file in `images/`. Links start at the root of the site.
"""
