"""`manage.py demo`: two blogs to look at, in an empty installation."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from blogs.demo.loading import ACCOUNTS, PASSWORD, DemoRefused, load
from tenancy.sites import site_url


class Command(BaseCommand):
    help = "Fill an empty installation with two blogs, their posts, and one account per role."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            sites = load(report=self._progress if options["verbosity"] > 0 else lambda line: None)
        except DemoRefused as error:
            raise CommandError(str(error)) from error
        for site in sites:
            self.stdout.write(f"{site.name:<20} {site_url(site)}")
        port = f":{settings.PUBLIC_PORT}" if settings.PUBLIC_PORT else ""
        self.stdout.write(f"{'Admin':<20} {settings.PUBLIC_SCHEME}://{settings.ADMIN_HOST}{port}/")
        self.stdout.write(f"\nAccounts, all with the password “{PASSWORD}”:")
        for email, role in ACCOUNTS:
            self.stdout.write(f"  {email:<28} {role}")

    def _progress(self, line: str) -> None:
        self.stdout.write(f"  {line}")
