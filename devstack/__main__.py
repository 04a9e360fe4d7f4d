"""`make stack`: what a server runs, as processes of this machine, until Ctrl-C."""

import errno
import signal
import sys
import time

from django.core.exceptions import ImproperlyConfigured
from rich.console import Console

from devstack.processes import Process, ProcessFailed
from devstack.stack import Stack
from devstack.terminal import Logs
from settings.environment import integer

DEFAULT_PORT = 8080
KEPT_NOWHERE = "All of it is thrown away at the end: database, images, caches."


def main() -> int:
    """0 after Ctrl-C, 1 when a process ended by itself or did not start."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell lets its background processes ignore it
    console = Console(highlight=False)
    stack = stack_on(chosen_port())
    try:
        console.print("Starting PostgreSQL, Redis, two gunicorns and Traefik, with the demo …")
        stack.start()
        console.print(f"\n{stack.welcome}\n{KEPT_NOWHERE} Ctrl-C stops.\n", markup=False, soft_wrap=True)
        ended = follow(stack, Logs(stack.processes, console))
        failure = f"{ended.name} has ended by itself. Its last words:\n{ended.last_words()}"
    except ProcessFailed as error:
        failure = str(error)
    except KeyboardInterrupt:
        failure = ""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not leave something behind
    console.print(f"\n{failure}".rstrip() + "\nStopping …", markup=False, soft_wrap=True)
    stack.stop()
    console.print("Stopped. Nothing is left of it.")
    return 1 if failure else 0


def chosen_port() -> int:
    """PORT of the environment. Ends the program when it is none."""
    try:
        return integer("PORT", None, 1, 65535) or DEFAULT_PORT
    except ImproperlyConfigured as error:
        sys.exit(str(error))


def stack_on(port: int) -> Stack:
    """Ends the program when the port cannot be had."""
    try:
        return Stack(port)
    except ProcessFailed as error:
        sys.exit(str(error))
    except OSError as error:
        reason = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be had ({error.strerror})"
        another = port + 1 if 1024 <= port < 65535 else DEFAULT_PORT
        sys.exit(f"Port {port} {reason}. Choose another: PORT={another} make stack")


def follow(stack: Stack, logs: Logs) -> Process:
    """Show the logs until a process ends by itself, which is the answer."""
    while True:
        ended = [process for process in stack.processes if process.process and process.process.poll() is not None]
        logs.show()
        if ended:
            return ended[0]
        time.sleep(0.1)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:  # before there was anything to stop
        sys.exit("Stopped.")
