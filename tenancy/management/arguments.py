"""Command-line arguments of each action of `manage.py site`."""

from argparse import ArgumentParser, ArgumentTypeError

from tenancy.themes import theme_names

SHARED = "shared"  # stands for the shared deployment, in place of an address


def site(parser: ArgumentParser) -> ArgumentParser:
    parser.add_argument("site", metavar="DOMAIN", help="any domain of the site")
    return parser


def create(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help="primary domain, for example blog.example.com")
    parser.add_argument("--name", required=True, help="name of the blog, shown at the top of every page")
    parser.add_argument("--tagline", help="one sentence, shown under the name")
    parser.add_argument("--language", help="language code, for example en, de or pt-br (default: en)")
    parser.add_argument("--time-zone", help="IANA time zone, for example Europe/Berlin (default: UTC)")
    parser.add_argument("--theme", help=f"one of: {', '.join(theme_names())}")
    parser.add_argument("--accent", help="colour of links and highlights, for example #0b6e4f")


def further_domain(parser: ArgumentParser) -> None:
    site(parser).add_argument("name", metavar="NAME", help="the further domain to add or remove")


def rename(parser: ArgumentParser) -> None:
    site(parser).add_argument("new", metavar="NEW", help="the new primary domain")
    parser.add_argument("--release-old", action="store_true", help="release the old domain instead of redirecting it")


def delete(parser: ArgumentParser) -> None:
    site(parser).add_argument("--yes", action="store_true", help="delete without asking for confirmation")
    parser.add_argument(
        "--move-home-to",
        metavar="DOMAIN",
        help="site that becomes the home of posts that are also published on other sites",
    )


def move(parser: ArgumentParser) -> None:
    site(parser).add_argument(
        "--to",
        required=True,
        metavar="ADDRESS",
        help=f"for example http://techblog:8000, or “{SHARED}” for the shared deployment",
    )


def check(parser: ArgumentParser) -> None:
    parser.add_argument(
        "names", metavar="NAME", nargs="*", help="domain to check (default: all domains whose check is due)"
    )
    parser.add_argument(
        "--every",
        metavar="SECONDS",
        type=_seconds,
        help="repeat the check after this number of seconds; cannot be combined with --json",
    )


def _seconds(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 5 and int(text) > 0):
        raise ArgumentTypeError(f"{text!r} is not a number of seconds: write a whole number from 1 to 99999")
    return int(text)
