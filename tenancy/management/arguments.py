"""What can be said to each action of `manage.py site`."""

from argparse import ArgumentParser, ArgumentTypeError

from tenancy.themes import theme_names

SHARED = "shared"  # in the place of an address


def site(parser: ArgumentParser) -> ArgumentParser:
    parser.add_argument("site", metavar="DOMAIN", help="any domain of the site")
    return parser


def create(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help="like blog.example.com")
    parser.add_argument("--name", required=True, help="the blog's title")
    parser.add_argument("--tagline", help="one sentence under the name")
    parser.add_argument("--language", help="like en, de or pt-br")
    parser.add_argument("--time-zone", help="like Europe/Berlin")
    parser.add_argument("--theme", help=f"one of: {', '.join(theme_names())}")
    parser.add_argument("--accent", help="colour of links and marks, like #0b6e4f")


def further_domain(parser: ArgumentParser) -> None:
    site(parser).add_argument("name", metavar="NAME", help="the further domain")


def rename(parser: ArgumentParser) -> None:
    site(parser).add_argument("new", metavar="NEW", help="its domain from now on")
    parser.add_argument("--release-old", action="store_true", help="the old domain shall not redirect, but be free")


def delete(parser: ArgumentParser) -> None:
    site(parser).add_argument("--yes", action="store_true", help="do not ask for the domain to be typed")
    parser.add_argument("--move-home-to", metavar="DOMAIN", help="new home of what stands on other sites too")


def move(parser: ArgumentParser) -> None:
    site(parser).add_argument(
        "--to", required=True, metavar="ADDRESS", help=f"like http://techblog:8000; “{SHARED}” is the shared deployment"
    )


def check(parser: ArgumentParser) -> None:
    parser.add_argument("names", metavar="NAME", nargs="*", help="a domain; without any, those whose turn it is")
    parser.add_argument("--every", metavar="SECONDS", type=_seconds, help="go on and look again; without --json")


def _seconds(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 5 and int(text) > 0):
        raise ArgumentTypeError(f"{text!r} is no whole number of seconds from 1 to 99999")
    return int(text)
