"""`manage.py demo`: load two example blogs into an empty installation."""

from typing import Any

from django.core.management.base import BaseCommand

from blogs.demo.accounts import ACCOUNTS, PASSWORD
from blogs.demo.loading import load
from tenancy.absolute_urls import admin_url, site_url


class Command(BaseCommand):
    help = "Fill an empty installation with two blogs, their posts, and one account per role."

    def handle(self, *args: Any, **options: Any) -> None:
        sites = load(report=self._progress if options["verbosity"] > 0 else lambda line: None)
        for site in sites:
            self.stdout.write(f"{site.name:<20} {site_url(site)}")
        self.stdout.write(f"{'Admin':<20} {admin_url()}")
        self.stdout.write(f"\nAccounts, all with the password “{PASSWORD}”:")
        for email, role in ACCOUNTS:
            self.stdout.write(f"  {email:<28} {role}")

    def _progress(self, line: str) -> None:
        self.stdout.write(f"  {line}")
