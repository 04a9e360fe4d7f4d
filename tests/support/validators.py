"""Validators of pages. `make validators` installs those that come from npm."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.browser import CHROMIUM

MODULES = Path(".tools/npm/node_modules")
VNU = MODULES / "vnu-jar/build/dist/vnu.jar"
# Lighthouse cannot record some page loads on a busy machine, and then asks to be run again.
ATTEMPTS = 3
LIGHTHOUSE = MODULES / "lighthouse/cli/index.js"

needs_vnu = pytest.mark.skipif(
    not (VNU.exists() and shutil.which("java")),
    reason="vnu is not installed; run `make validators`, and on Debian install the package default-jre-headless",
)
needs_lighthouse = pytest.mark.skipif(
    not (LIGHTHOUSE.exists() and shutil.which("node") and CHROMIUM),
    reason="Lighthouse is not installed; run `make validators`, and on Debian install nodejs, npm and chromium",
)


def vnu(folder):
    """The messages of the Nu HTML Checker about the HTML files of a folder, warnings included."""
    command = ["java", "-Xss4m", "-jar", str(VNU), "--format", "json", "--exit-zero-always", "--skip-non-html"]
    done = subprocess.run([*command, str(folder)], capture_output=True, text=True, timeout=100)
    return [
        f"{Path(message.get('url', '')).name}:{message.get('lastLine')}: {message['message']} {message.get('extract')}"
        for message in json.loads(done.stderr)["messages"]
    ]


def lighthouse(url, *categories):
    """Category → (score from 0 to 100, the audits that failed), on an emulated phone."""
    for _ in range(ATTEMPTS):
        done = subprocess.run(
            [
                "node",
                str(LIGHTHOUSE),
                url,
                "--quiet",
                "--output=json",
                "--chrome-flags=--headless=new --no-sandbox --disable-background-networking",
                f"--only-categories={','.join(categories)}",
            ],
            env={**os.environ, "CHROME_PATH": CHROMIUM},
            capture_output=True,
            text=True,
            timeout=100,
        )
        if "Runtime error encountered" not in done.stderr:
            break
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    return {
        name: (round(category["score"] * 100), _failed(category, report["audits"]))
        for name, category in report["categories"].items()
    }


def _failed(category, audits):
    weighted = [audits[reference["id"]] for reference in category["auditRefs"] if reference["weight"]]
    return [f"{audit['id']}: {audit.get('displayValue', '')}" for audit in weighted if audit["score"] not in (None, 1)]
