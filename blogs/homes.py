"""A site ends and another becomes the home of what still stands elsewhere."""

from django.contrib.sites.models import Site
from django.core.files.storage import default_storage
from django.db.models import F

from blogs.models import Image, Placement, Post


def move_home(source: Site, target: Site, **kwargs: object) -> None:
    """Posts of `source` that are placed on other sites, and the images they show, belong to `target` from now on."""
    elsewhere = Placement.objects.exclude(site=F("post__home"))
    posts = Post.objects.filter(home=source, placements__in=elsewhere).distinct()
    for image in Image.objects.filter(site=source, posts__in=posts).distinct():
        # A copy: should the transaction fail, the source still has its file.
        with image.file.open("rb") as file:
            name = default_storage.save(f"{target.pk}/{image.name}", file)
        Image.objects.filter(pk=image.pk).update(site=target, file=name)
    Post.objects.filter(pk__in=list(posts.values_list("pk", flat=True))).update(home=target)
