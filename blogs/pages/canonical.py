"""The canonical URL of a post: the URL that search engines show if several sites publish the post."""

from django.contrib.sites.models import Site

from blogs.models import Placement
from blogs.models.rows import PostRow
from blogs.paths import public_path
from tenancy.absolute_urls import site_url


def canonical_url(site: Site, row: PostRow) -> str:
    """The URL on the post's home if the post is live there, otherwise the URL on this site."""
    if row.post__home != site.pk:
        at_home = Placement.objects.address_at_home(row.post__home, row.post__id)
        if at_home is not None:
            domain, slug = at_home
            return site_url(Site(domain=domain), public_path("post", slug))
    return site_url(site, public_path("post", row.slug))
