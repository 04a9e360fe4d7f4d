"""`manage.py render_posts`: render stored posts again."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from blogs import publishing
from blogs.models import Post
from tenancy.lookup import site_named


class Command(BaseCommand):
    help = (
        "Render the HTML of stored posts again, after the language of a site has changed or Newsstand was updated. "
        "Posts whose HTML stays the same are not written. It is safe to run the command again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--site", metavar="DOMAIN", help="only posts that this site owns; any of its domains")

    def handle(self, *args: Any, **options: Any) -> None:
        posts = Post.objects.order_by("pk")
        if options["site"]:
            posts = posts.filter(home=site_named(options["site"]))
        changed = refused = 0
        keys = list(posts.values_list("pk", flat=True))
        for key in keys:
            try:
                changed += publishing.render_again(Post(pk=key))
            except Post.DoesNotExist:
                continue  # deleted since the list was read
            except ValidationError as error:
                refused += 1
                self.stderr.write(f"post {key}: {' '.join(error.messages)}")
        self.stdout.write(f"{len(keys)} posts: {changed} changed, {refused} refused.")
        if refused:
            raise CommandError("Refused posts keep their HTML. Shorten their texts in the admin.")
