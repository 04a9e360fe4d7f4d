"""`manage.py site`: everything that can happen to a site, and what there is to know of it."""

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

GIVEN = ["tagline", "language", "time_zone", "theme", "accent"]
HELP = {"language": "Write a code like en, de or pt-br."}

Options = dict[str, Any]


class Refused(CommandError):
    """The reason is printed after this word; the exit code is 1."""


class Command(BaseCommand):
    help = "Makes, shows, renames, suspends and deletes sites. A site is named by any of its domains."
    # It is what one repairs an installation with.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(metavar="ACTION", required=True)

        def action(name: str, run: Callable[[Options], None], text: str, *, within: Any = actions) -> ArgumentParser:
            added: ArgumentParser = within.add_parser(name, help=text, description=text)
            added.add_argument("--json", action="store_true", help="print what programs read")
            added.set_defaults(run=run)
            return added

        arguments.create(action("create", self.create, "Make a site; it is live at once."))
        action("list", self.list, "List all sites.")
        arguments.site(action("show", self.show, "Show all that is known of a site."))
        arguments.rename(action("rename", self.rename, "Give a site another domain; the old one redirects."))
        domain = actions.add_parser(
            "domain", help="Add, remove or check domains; a further one redirects to the site's own."
        )
        further = domain.add_subparsers(metavar="ACTION", required=True)
        for name, run, text in (("add", self.add, "Add a domain."), ("remove", self.remove, "Release a domain.")):
            arguments.further_domain(action(name, run, text, within=further))
        text = "See whether domains lead here: only then they get certificates."
        arguments.check(action("check", self.check_domains, text, within=further))
        arguments.move(action("move", self.move, "Let another deployment serve a site."))
        arguments.site(action("suspend", self.suspend, "Stop serving a site; nothing of it is lost."))
        arguments.site(action("resume", self.resume, "Serve a suspended site again."))
        arguments.delete(action("delete", self.delete, "Delete a site with all that is its own, files included."))

    def handle(self, *, run: Callable[[Options], None], **options: Any) -> None:
        try:
            run(options)
        except ValidationError as error:
            raise Refused(_reasons(error)) from error
        except UnknownSite as error:
            raise Refused(str(error)) from error
        except Site.DoesNotExist as error:
            raise Refused("The site was deleted meanwhile.") from error
        except DATABASE_NOT_READY as error:
            raise Refused(f"The database cannot be used: {error}. Is it there, and migrated?") from error

    # -- one method for each action --------------------------------------------------------------------------------

    def create(self, options: Options) -> None:
        given = {name: options[name] for name in GIVEN if options[name] is not None}
        site = lifecycle.create(options["domain"], options["name"], **given)
        self._report(
            options,
            site,
            f"Created {site.domain} (site {site.pk}), live at {site_url(site)}\n"
            f"Next: let DNS lead {site.domain} here, and name an owner in the admin: {admin_url()}",
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
        lifecycle.rename(site, options["new"], keep_old=not options["release_old"])
        if site.domain == old:
            said = f"{old} is its domain already: {site_url(site)}"
        elif options["release_old"]:
            said = f"Renamed {old} to {site.domain}: {site_url(site)}\n{old} is released: any site can have it now."
        else:
            said = (
                f"Renamed {old} to {site.domain}: {site_url(site)}\n{old} redirects there.\n"
                f"Next: let DNS lead {site.domain} here. To release the old one some day:"
                f" manage.py site domain remove {site.domain} {old}"
            )
        self._report(options, site, said)

    def add(self, options: Options) -> None:
        site = site_named(options["site"])
        name = lifecycle.add_domain(site, options["name"]).name
        self._report(options, site, f"{name} redirects to {site_url(site)}\nNext: let DNS lead {name} here.")

    def remove(self, options: Options) -> None:
        site = site_named(options["site"])
        lifecycle.remove_domain(site, options["name"])
        self._report(options, site, f"{hostnames.canonical(options['name'])} is released: any site can have it now.")

    def check_domains(self, options: Options) -> None:
        names = options["names"]
        if options["every"]:
            checking.check_for_ever(names, options["every"], self.stdout.write)
        elif options["json"]:
            noted = checking.check(names)
            self._print_json([checking.as_document(outcome) for outcome in noted])
        else:
            noted = checking.check(names, self.stdout.write)
        if names and any(outcome.failures for outcome in noted):
            raise Refused("Not every domain leads here. Each is asked again, after twice as long every time.")

    def move(self, options: Options) -> None:
        site = site_named(options["site"])
        if not hasattr(site, "settings"):
            raise Refused(f"{site.domain} has no settings and is not served. manage.py site resume gives it some.")
        lifecycle.move(site, "" if options["to"] == arguments.SHARED else options["to"])
        said = (
            f"{site.domain} is served by {site.settings.deployment or 'the shared deployment'}."
            " Traefik follows within a second or two."
        )
        self._report(options, site, said)

    def suspend(self, options: Options) -> None:
        site = site_named(options["site"])
        lifecycle.suspend(site)
        self._report(
            options,
            site,
            f"Suspended {site.domain}: all its addresses answer 404 now.\n"
            f"To serve it again: manage.py site resume {site.domain}",
        )

    def resume(self, options: Options) -> None:
        site = site_named(options["site"])
        lifecycle.resume(site)
        self._report(options, site, f"{site.domain} is live: {site_url(site)}")

    def delete(self, options: Options) -> None:
        site = site_named(options["site"])
        moved_to = options["move_home_to"] and site_named(options["move_home_to"])
        before = documents([site])[0]
        if not options["yes"]:
            self._ask_to_type(site.domain)
        try:
            lifecycle.delete(site, move_home_to=moved_to or None)
        except ProtectedError as error:
            raise Refused(
                f"{before['domain']} is home to posts that stand on other sites too:\n"
                f"{placed_elsewhere(site, error.protected_objects)}\n"
                "Give them another home: --move-home-to DOMAIN. Or withdraw them there first."
            ) from error
        said = f"Deleted {before['domain']} (site {before['id']}) with its posts, files and redirects."
        if moved_to:
            said += f"\nWhat stood on other sites too is at home on {moved_to.domain} now."
        self._print(options, before, f"{said}\nReleased: {', '.join([before['domain'], *before['further_domains']])}")

    # ----------------------------------------------------------------------------------------------------------------

    def _ask_to_type(self, domain: str) -> None:
        if not sys.stdin.isatty():
            raise Refused(f"Nobody is at the keyboard to confirm that {domain} is to be deleted. Say --yes.")
        # Not on the standard output, which a program may be reading.
        self.stderr.write(
            f"This deletes {domain} with its posts, files and redirects for good.\nType {domain} to go on: ",
            style_func=str,
            ending="",
        )
        self.stderr.flush()
        typed = sys.stdin.readline().strip()
        if typed.lower() != domain:
            raise Refused(f"{typed!r} is not {domain}. Nothing was deleted.")

    def _report(self, options: Options, site: Site, said: str) -> None:
        self._print(options, documents([Site.objects.get(pk=site.pk)])[0], said)

    def _print(self, options: Options, document: Document, said: str) -> None:
        if options["json"]:
            self._print_json(document)
        else:
            self.stdout.write(said)

    def _print_json(self, what: object) -> None:
        self.stdout.write(json.dumps(what, indent=2, ensure_ascii=False))


def _reasons(error: ValidationError) -> str:
    """Every reason on a line, after the option it is about, with what to write instead."""
    if not hasattr(error, "error_dict"):
        return " ".join(error.messages)
    lines = []
    for field, reasons in error.message_dict.items():
        option = "" if field == NON_FIELD_ERRORS else f"--{field.replace('_', '-')}: "
        lines.append(f"{option}{' '.join([*reasons, HELP.get(field, '')]).strip()}")
    return "\n".join(lines)
