"""The logs of several processes in one terminal."""

import json
from collections.abc import Sequence
from typing import IO, Any

from rich.console import Console
from rich.text import Text

from devstack.processes import Process

COLOURS = ("cyan", "green", "blue", "red", "magenta", "yellow")


class Logs:
    """Follows new lines in the logs of `processes`. Each line is shown with the name of its process."""

    def __init__(self, processes: Sequence[Process], console: Console) -> None:
        self.console = console
        self.width = max(len(process.name) for process in processes)
        self.files = [(process.name, process.log.open("rb")) for process in processes]
        for _, file in self.files:
            file.seek(0, 2)

    def show(self) -> None:
        """Print the lines since the last call."""
        for number, (name, file) in enumerate(self.files):
            label = (f"{name:<{self.width}} │ ", COLOURS[number % len(COLOURS)])
            for line in filter(None, map(format_line, complete_lines(file))):
                self.console.print(Text.assemble(label, line), soft_wrap=True)


def complete_lines(file: IO[bytes]) -> list[str]:
    """The lines since the last call. A line that is still being written is left for the next call."""
    start = file.tell()
    complete, end, _ = file.read().rpartition(b"\n")
    file.seek(start + len(complete + end))
    return complete.decode(errors="replace").splitlines()


def format_line(line: str) -> str:
    """A short form of a line of an access log. Other lines stay as they are."""
    try:
        row = json.loads(line)
    except ValueError:
        row = None
    text = _request(row) if isinstance(row, dict) else line
    # A request may contain terminal control sequences.
    return "".join(character if character.isprintable() else "�" for character in text)


def _request(row: dict[str, Any]) -> str:
    match row:
        case {"RequestHost": host, "RequestMethod": method, "RequestPath": path, "DownstreamStatus": status}:
            milliseconds = row.get("Duration", 0) / 1e6
            return f"{status} {method} {host}{path} {milliseconds:.0f} ms, {row.get('RouterName', 'no router')}"
        case {"site": host, "method": method, "path": path, "status": status, "ms": milliseconds}:
            return f"{status} {method} {host}{path} {milliseconds:.0f} ms"
    return json.dumps(row, ensure_ascii=False)
