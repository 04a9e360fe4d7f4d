#!/usr/bin/env python
"""Newsstand's command line. Without DJANGO_SETTINGS_MODULE it uses settings.local, the installation in var/."""

import os
import signal
import sys

INTERRUPTED = 130  # the exit status that shells report after Ctrl-C


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings.local")
    if sys.argv[1:2] == ["serve"]:
        # The default action ends the process. A library might suppress KeyboardInterrupt, and the server would go on.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        if "--traceback" in sys.argv:
            raise
        sys.exit(f"Error: {error}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
