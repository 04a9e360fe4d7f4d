"""A certificate authority for tests, which implements ACME as Let's Encrypt does: pebble, from the Debian package."""

import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Mapping
from urllib.request import urlopen

from devstack.ports import free_port
from devstack.processes import Command, Process, Session

PROGRAMS = ("pebble", "pebble-challtestsrv", "openssl")
CONFIGURATION = """{{"pebble": {{
    "listenAddress": "127.0.0.1:{port}",
    "managementListenAddress": "127.0.0.1:{management_port}",
    "certificate": "{certificate}",
    "privateKey": "{key}",
    "httpPort": {http_port},
    "tlsPort": 0
}}}}
"""


def missing() -> list[str]:
    """The required programs that are not installed."""
    return [program for program in PROGRAMS if shutil.which(program) is None]


class Names(Process):
    """A DNS server that resolves every name to 127.0.0.1."""

    name = "names"

    def __init__(self, session: Session, environment: Mapping[str, str]) -> None:
        super().__init__(session, environment)
        self.management_port = free_port()

    def command(self) -> Command:
        unused = [f"-{server}=" for server in ("defaultIPv6", "http01", "https01", "tlsalpn01")]
        addresses = [f"-dns01=127.0.0.1:{self.port}", f"-management=127.0.0.1:{self.management_port}"]
        return ["pebble-challtestsrv", *addresses, *unused]

    def is_ready(self, pid: int) -> bool:
        return listens(self.port)


class Pebble(Process):
    """The authority. To validate a domain, it connects to `http_port` of the address that `names` gives for it.

    It stores no certificates on disk. With the variables in `client_environment`, a Traefik uses this authority.
    """

    name = "pebble"

    def __init__(self, session: Session, environment: Mapping[str, str], names: Names, http_port: int) -> None:
        # By default, pebble sleeps up to 15 s before a validation and rejects some nonces, to test its clients.
        speed = {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0"}
        super().__init__(session, {**environment, **speed})
        self.names, self.http_port = names, http_port
        self.management_port = free_port()
        self.certificate, self.key = self.folder / "certificate.pem", self.folder / "key.pem"
        self.configuration = self.folder / "pebble.json"
        self.client_environment = {
            "ACME_CA": f"https://127.0.0.1:{self.port}/dir",
            "LEGO_CA_CERTIFICATES": str(self.certificate),
        }

    def launch(self) -> None:
        self._make_certificate()
        self.configuration.write_text(CONFIGURATION.format_map(vars(self)))
        super().launch()

    def _make_certificate(self) -> None:
        """Create the server certificate of the authority, because its API uses https."""
        kind = ("-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", "2")
        subject = ("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1")
        usage = ("-addext", "keyUsage=digitalSignature,keyCertSign")
        files = ("-keyout", self.key, "-out", self.certificate)
        subprocess.run(["openssl", "req", *kind, *subject, *usage, *files], check=True, capture_output=True)

    def command(self) -> Command:
        return ["pebble", f"-config={self.configuration}", f"-dnsserver=127.0.0.1:{self.names.port}"]

    def is_ready(self, pid: int) -> bool:
        return listens(self.port) and listens(self.management_port)

    def root(self) -> str:
        """The root certificate in PEM format. Each start of the authority creates a new one."""
        context = ssl.create_default_context(cafile=self.certificate)
        with urlopen(f"https://127.0.0.1:{self.management_port}/roots/0", timeout=5, context=context) as response:
            return str(response.read().decode())

    def orders(self) -> int:
        """The number of orders for certificates, including those that the authority rejected."""
        return self.log.read_text().count("POST /order-plz")

    def validated(self) -> set[str]:
        """The domains that the authority tried to validate, including failed validations."""
        return set(re.findall(r'Identifier{Type:"dns", Value:"([^"]+)"', self.log.read_text()))


def listens(port: int) -> bool:
    """Whether a process accepts connections on `port` of 127.0.0.1."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
