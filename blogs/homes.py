"""Moves posts to another home before their site is deleted."""

from django.contrib.sites.models import Site
from django.core.files.storage import default_storage
from django.db.models import F
from django.utils import timezone

from blogs.models import Image, MediaFile, Placement, Post
from blogs.publishing.shared_names import RELATIONS, assign, names_on, sites_of_posts
from tenancy.media import copy_file


def move_home(source: Site, target: Site, **kwargs: object) -> None:
    """Make `target` the home of all posts of `source` that other sites show, and of the files in these posts."""
    elsewhere = Placement.objects.exclude(site=F("post__home"))
    posts = Post.objects.filter(home=source, placements__in=elsewhere).distinct()
    for model in (Image, MediaFile):
        for row in model._default_manager.filter(site=source, posts__in=posts).distinct():
            # Copy the files, so that the source still has them if the transaction fails.
            name = copy_file(default_storage, str(row.file.name), target.pk)
            model._default_manager.filter(pk=row.pk).update(site=target, file=name)
    keys = list(posts.values_list("pk", flat=True))
    Post.objects.filter(pk__in=keys).update(
        home=target, version=F("version") + 1, saved_by=None, saved_at=timezone.now()
    )
    sites = sites_of_posts(keys)
    for relation in RELATIONS:
        assign(relation, names_on(relation, dict.fromkeys(keys, source.pk)), sites, former_home=source.pk)
