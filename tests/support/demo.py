"""Create the two sites of the demo with `manage.py demo`."""

from io import StringIO

from django.core.management import call_command

SITES = ["techblog.localhost", "financeblog.localhost"]


def run_demo():
    """Run the command and return its output."""
    output = StringIO()
    call_command("demo", stdout=output)
    return output.getvalue()
