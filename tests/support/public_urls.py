"""The URL names of the surface `blogs`, and the path of a placement for each name."""

from django.urls import reverse

from blogs.models.placements import ID_RANGE
from blogs.pages import urls

# The keyword arguments of each URL name. A view that is missing here makes tests/test_isolation.py fail.
_ARGUMENTS = {
    "home": lambda placement: {},
    "feed": lambda placement: {},
    "favicon": lambda placement: {},
    "touch-icon": lambda placement: {},
    "preview-image": lambda placement: {},
    "robots": lambda placement: {},
    "sitemap": lambda placement: {},
    "sitemap-part": lambda placement: {"number": placement.pk // ID_RANGE + 1},
    "media": lambda placement: {"name": placement.post.cover.name},
    "tag": lambda placement: {"slug": placement.post.tags.get(site=placement.site).slug},
    "tag-feed": lambda placement: {"slug": placement.post.tags.get(site=placement.site).slug},
    "author": lambda placement: {"slug": placement.post.authors.get(site=placement.site).slug},
    "month": lambda placement: {"year": f"{placement.published_at:%Y}", "month": f"{placement.published_at:%m}"},
    "post": lambda placement: {"slug": placement.slug},
}
URL_NAMES = [pattern.name for pattern in urls.urlpatterns]
NAMES_WITH_ARGUMENTS = [pattern.name for pattern in urls.urlpatterns if "<" in str(pattern.pattern)]


def path_of(name, placement):
    return reverse(name, urlconf="blogs.pages.urls", kwargs=_ARGUMENTS[name](placement))
