"""Replace Wagtail's default site with two sites and their posts."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from wagtail.models import Page, Site
from wagtailblog.models import Author, HomePage, Look, PostPage


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="JSON file: host → posts, the newest first")

    def handle(self, *args: Any, **options: Any) -> None:
        Site.objects.all().delete()
        for host, posts in json.loads(options["file"].read_text()).items():
            _add_site(host, posts)


def _add_site(host: str, posts: list[dict[str, Any]]) -> None:
    name = host.partition(".")[0].title()
    home = Page.objects.get(depth=1).add_child(instance=HomePage(title=name, slug=name.lower()))
    site = Site.objects.create(hostname=host, port=80, site_name=name, root_page=home)
    Look.objects.create(site=site, tagline="", accent="#0b6e4f")
    for post in reversed(posts):
        _add_post(home, post)


def _add_post(home: HomePage, post: dict[str, Any]) -> None:
    fields = {name: post[name] for name in ("slug", "title", "summary", "body")}
    moment = datetime.fromisoformat(post["published_at"])
    page = PostPage(search_description=post["summary"], published_at=moment, **fields)
    author, _ = Author.objects.get_or_create(name=post["author"], slug=post["author"].lower().replace(" ", "-"))
    page.authors = [author]
    page.tags.add(*post["tags"])
    home.add_child(instance=page)
