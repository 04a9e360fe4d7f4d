"""`manage.py site`: create, show, change and delete sites. The rules are in tenancy/lifecycle.py."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.contrib.sites.models import Site
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db.models import ProtectedError

from lib import hostnames
from lib.database import DATABASE_NOT_READY
from tenancy import lifecycle
from tenancy.absolute_urls import admin_url, site_url
from tenancy.lookup import UnknownSite, site_named
from tenancy.management import arguments, checking
from tenancy.management.reporting import Document, as_page, as_table, documents, placed_elsewhere

CREATE_SETTINGS = ["tagline", "language", "time_zone", "theme", "accent"]
HINTS = {"language": "Write a language code, for example en, de or pt-br."}

Options = dict[str, Any]


class Refused(CommandError):
    """An error that the command prints as "Refused: …". The exit code is 1."""


class Command(BaseCommand):
    help = "Create, show, rename, suspend, move and delete sites. To name a site, write any of its domains."
    # The command must also work while a check fails, because it can repair the installation.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(metavar="ACTION", required=True)

        def action(name: str, run: Callable[[Options], None], text: str, *, within: Any = actions) -> ArgumentParser:
            added: ArgumentParser = within.add_parser(name, help=text, description=text)
            added.add_argument("--json", action="store_true", help="print the result as JSON")
            added.set_defaults(run=run)
            return added

        arguments.create(action("create", self.create, "Create a site. It is live at once."))
        action("list", self.list, "List all sites.")
        arguments.site(action("show", self.show, "Show a site with its settings, domains and members."))
        arguments.rename(
            action("rename", self.rename, "Give a site another primary domain. The old one redirects to it.")
        )
        domain = actions.add_parser(
            "domain", help="Add, remove or check further domains. A further domain redirects to the primary domain."
        )
        further = domain.add_subparsers(metavar="ACTION", required=True)
        for name, run, text in (
            ("add", self.add, "Add a further domain to a site."),
            ("remove", self.remove, "Remove a further domain, so that any site can claim it."),
        ):
            arguments.further_domain(action(name, run, text, within=further))
        text = "Check whether DNS leads domains to this installation. Only such domains get certificates."
        arguments.check(action("check", self.check_domains, text, within=further))
        arguments.move(action("move", self.move, "Serve a site from another deployment."))
        arguments.site(action("suspend", self.suspend, "Stop serving a site. Nothing is deleted."))
        arguments.site(action("resume", self.resume, "Serve a suspended site again."))
        arguments.delete(action("delete", self.delete, "Delete a site with its posts, files, domains and members."))

    def handle(self, *, run: Callable[[Options], None], **options: Any) -> None:
        try:
            run(options)
        except ValidationError as error:
            raise Refused(_reasons(error)) from error
        except UnknownSite as error:
            raise Refused(str(error)) from error
        except Site.DoesNotExist as error:
            raise Refused("Another process has deleted the site.") from error
        except DATABASE_NOT_READY as error:
            raise Refused(
                f"The database cannot be used: {error}. Check that it runs and that `manage.py migrate` was run."
            ) from error

    # -- actions ---------------------------------------------------------------------------------------------------

    def create(self, options: Options) -> None:
        chosen = {name: options[name] for name in CREATE_SETTINGS if options[name] is not None}
        site = lifecycle.create(options["domain"], options["name"], **chosen, by=None)
        self._report(
            options,
            site,
            f"Created {site.domain} (site {site.pk}), live at {site_url(site)}\n"
            f"Next: point the DNS of {site.domain} to this installation, and add an owner in the admin: {admin_url()}",
        )

    def list(self, options: Options) -> None:
        sites = documents(Site.objects.order_by("domain"))
        if options["json"]:
            self._print_json(sites)
        elif sites:
            self.stdout.write(as_table(sites))
        else:
            self.stdout.write("There is no site yet.\nNext: manage.py site create DOMAIN --name NAME")

    def show(self, options: Options) -> None:
        site = site_named(options["site"])
        self._report(options, site, as_page(documents([site])[0]))

    def rename(self, options: Options) -> None:
        site = site_named(options["site"])
        old = site.domain
        lifecycle.rename(site, options["new"], keep_old=not options["release_old"], by=None)
        if site.domain == old:
            text = f"{old} is already the primary domain: {site_url(site)}"
        elif options["release_old"]:
            text = f"Renamed {old} to {site.domain}: {site_url(site)}\n{old} is released. Any site can claim it now."
        else:
            text = (
                f"Renamed {old} to {site.domain}: {site_url(site)}\n{old} redirects there.\n"
                f"Next: point the DNS of {site.domain} to this installation. To release the old domain later:"
                f" manage.py site domain remove {site.domain} {old}"
            )
        self._report(options, site, text)

    def add(self, options: Options) -> None:
        site = site_named(options["site"])
        name = lifecycle.add_domain(site, options["name"], by=None).name
        self._report(
            options, site, f"{name} redirects to {site_url(site)}\nNext: point the DNS of {name} to this installation."
        )

    def remove(self, options: Options) -> None:
        site = site_named(options["site"])
        lifecycle.remove_domain(site, options["name"], by=None)
        self._report(options, site, f"{hostnames.canonical(options['name'])} is released. Any site can claim it now.")

    def check_domains(self, options: Options) -> None:
        names = options["names"]
        if options["every"]:
            checking.check_forever(names, options["every"], self.stdout.write)
        elif options["json"]:
            outcomes = checking.check(names)
            self._print_json([checking.as_document(outcome) for outcome in outcomes])
        else:
            outcomes = checking.check(names, self.stdout.write)
        if names and any(outcome.failures for outcome in outcomes):
            raise Refused("Not every domain leads here. Failed domains are checked again with exponential back-off.")

    def move(self, options: Options) -> None:
        site = site_named(options["site"])
        if not hasattr(site, "settings"):
            raise Refused(
                f"{site.domain} has no settings and is not served. `manage.py site resume {site.domain}` creates them."
            )
        lifecycle.move(site, "" if options["to"] == arguments.SHARED else options["to"], by=None)
        text = (
            f"{site.domain} is served by {site.settings.deployment or 'the shared deployment'}."
            " Traefik applies this within two seconds."
        )
        self._report(options, site, text)

    def suspend(self, options: Options) -> None:
        site = site_named(options["site"])
        lifecycle.suspend(site, by=None)
        self._report(
            options,
            site,
            f"Suspended {site.domain}. All its URLs respond with 503.\n"
            f"To serve it again: manage.py site resume {site.domain}",
        )

    def resume(self, options: Options) -> None:
        site = site_named(options["site"])
        lifecycle.resume(site, by=None)
        self._report(options, site, f"{site.domain} is live: {site_url(site)}")

    def delete(self, options: Options) -> None:
        site = site_named(options["site"])
        moved_to = options["move_home_to"] and site_named(options["move_home_to"])
        before = documents([site])[0]
        if not options["yes"]:
            self._ask_to_type(site.domain)
        try:
            lifecycle.delete(site, move_home_to=moved_to or None, by=None)
        except ProtectedError as error:
            raise Refused(
                f"{before['domain']} is the home of posts that are also published on other sites:\n"
                f"{placed_elsewhere(site, error.protected_objects)}\n"
                "Move them to another home with --move-home-to DOMAIN, or withdraw them from the other sites first."
            ) from error
        text = f"Deleted {before['domain']} (site {before['id']}) with its posts, files and redirects."
        if moved_to:
            text += f"\nPosts that are also published on other sites now have {moved_to.domain} as their home."
        self._print(options, before, f"{text}\nReleased: {', '.join([before['domain'], *before['further_domains']])}")

    # ----------------------------------------------------------------------------------------------------------------

    def _ask_to_type(self, domain: str) -> None:
        if not sys.stdin.isatty():
            raise Refused(f"Deleting {domain} needs a confirmation, but standard input is not a terminal. Use --yes.")
        # The prompt goes to standard error, because a program may read standard output.
        self.stderr.write(
            f"This deletes {domain} with its posts, files and redirects permanently.\nType {domain} to confirm: ",
            style_func=str,
            ending="",
        )
        self.stderr.flush()
        typed = sys.stdin.readline().strip()
        if typed.lower() != domain:
            raise Refused(f"{typed!r} is not {domain}. Nothing was deleted.")

    def _report(self, options: Options, site: Site, text: str) -> None:
        self._print(options, documents([Site.objects.get(pk=site.pk)])[0], text)

    def _print(self, options: Options, document: Document, text: str) -> None:
        if options["json"]:
            self._print_json(document)
        else:
            self.stdout.write(text)

    def _print_json(self, value: object) -> None:
        self.stdout.write(json.dumps(value, indent=2, ensure_ascii=False))


def _reasons(error: ValidationError) -> str:
    """One line for each invalid option: its name, the reasons and a hint."""
    if not hasattr(error, "error_dict"):
        return " ".join(error.messages)
    lines = []
    for field, reasons in error.message_dict.items():
        option = "" if field == NON_FIELD_ERRORS else f"--{field.replace('_', '-')}: "
        lines.append(f"{option}{' '.join([*reasons, HINTS.get(field, '')]).strip()}")
    return "\n".join(lines)
