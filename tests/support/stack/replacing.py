"""Runs systemd/replace-traefik under requests, with another program in place of systemctl, and prints the outcomes.

Run it as root in a network and a process namespace of its own, because it uses ports 80 and 443 and the packet filter.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from devstack.readers import Readers
from devstack.traefik import traefik_binary
from devstack.web import PROJECT
from tests.support.stack.recording import RecordingServer

SYSTEMCTL = """#!/bin/sh
for unit; do :; done
export METRICS_ADDRESS=127.0.0.1:${unit#*@}
case $1 in
enable)
    case $unit in *@broken) exit 1;; esac
    traefik/start >> "$FOLDER/log" 2>&1 &
    echo $! > "$FOLDER/$unit"
    exec traefik/ready;;
disable)
    test ! -e "$FOLDER/$unit" || kill "$(cat "$FOLDER/$unit")";;
esac
"""


def main(folder: Path, new: str) -> None:
    systemctl = folder / "systemctl"
    systemctl.write_text(SYSTEMCTL)
    systemctl.chmod(0o755)
    environment = os.environ | {
        "ACME_STORAGE": str(folder / "acme.json"),
        "DOCUMENT_URL": "http://127.0.0.1:1/document",
        "FOLDER": str(folder),
        "INTERNAL_HOST": "internal.test",
        "INTERNAL_TOKEN": "t" * 40,
        "PATH": f"{folder}:{os.environ['PATH']}",
        "SHARED_DEPLOYMENT": RecordingServer().url,
        "TRAEFIK": str(traefik_binary()),
    }
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run([systemctl, "enable", "newsstand-traefik@8082"], env=environment, cwd=PROJECT, check=True)
    with Readers(80, ["blog.test"], every=0.02, after=1.5) as readers:
        done = subprocess.run(
            ["systemd/replace-traefik", "8082", new], env=environment, cwd=PROJECT, capture_output=True, text=True
        )
    rules = [filter_rules(tool) for tool in ("iptables", "ip6tables")]
    outcomes = [request.outcome for request in readers.requests]
    result = {"code": done.returncode, "message": done.stderr, "slowest": readers.slowest}
    print(json.dumps({**result, "outcomes": outcomes, "rules": rules}))


def filter_rules(tool: str) -> list[str]:
    """The rules for incoming packets, without the line of the policy."""
    done = subprocess.run([tool, "--list-rules", "INPUT"], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[1:]


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
