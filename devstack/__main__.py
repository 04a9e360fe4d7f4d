"""`make stack`: runs the processes of a server on this machine until Ctrl-C."""

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
NOT_KEPT = "All data (database, images and caches) is deleted when you stop."


def main() -> int:
    """Return 0 after Ctrl-C, and 1 when a process did not start or exited unexpectedly."""
    # A shell may have started this process with SIGINT ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    console = Console(highlight=False)
    stack = create_stack(read_port())
    try:
        console.print("Starting PostgreSQL, Redis, two gunicorns and Traefik, and loading the demo …")
        stack.start()
        console.print(f"\n{stack.welcome}\n{NOT_KEPT} Press Ctrl-C to stop.\n", markup=False, soft_wrap=True)
        exited = follow(stack, Logs(stack.processes, console))
        failure = f"{exited.name} exited unexpectedly. The end of its log:\n{exited.log_tail()}"
    except ProcessFailed as error:
        failure = str(error)
    except KeyboardInterrupt:
        failure = ""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not interrupt the clean-up
    console.print(f"\n{failure}".rstrip() + "\nStopping …", markup=False, soft_wrap=True)
    stack.stop()
    console.print("Stopped. All processes and data are removed.")
    return 1 if failure else 0


def read_port() -> int:
    """PORT from the environment. Exits when the value is not a port."""
    try:
        return integer("PORT", None, 1, 65535) or DEFAULT_PORT
    except ImproperlyConfigured as error:
        sys.exit(str(error))


def create_stack(port: int) -> Stack:
    """Create the stack. Exits when the port is not available."""
    try:
        return Stack(port)
    except ProcessFailed as error:
        sys.exit(str(error))
    except OSError as error:
        reason = "is taken" if error.errno == errno.EADDRINUSE else f"is not available ({error.strerror})"
        another = port + 1 if 1024 <= port < 65535 else DEFAULT_PORT
        sys.exit(f"Port {port} {reason}. Choose another: PORT={another} make stack")


def follow(stack: Stack, logs: Logs) -> Process:
    """Show the logs until a process exits, and return that process."""
    while True:
        exited = [process for process in stack.processes if process.process and process.process.poll() is not None]
        logs.show()
        if exited:
            return exited[0]
        time.sleep(0.1)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:  # before any process was started
        sys.exit("Stopped.")
