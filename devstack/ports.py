"""Reserves ports of 127.0.0.1 for servers."""

import random
import socket

FIRST_PORT, LAST_PORT = 20_000, 32_000  # below the ephemeral ports of outgoing connections

_reservations: list[socket.socket] = []  # open until this process ends


def free_port() -> int:
    """A port that no other caller of `free_port` on this machine gets until this process ends.

    An ephemeral port could become the local end of any connection. A connection to the stopped server could even get
    the same port at both ends, and so be connected to itself.
    """
    while True:
        port = random.randint(FIRST_PORT, LAST_PORT)
        reservation = socket.socket()
        try:
            reservation.bind(("127.0.0.1", port))
        except OSError:
            reservation.close()
            continue
        # The socket stays bound, so the `bind` of another caller fails. A server can still listen on the port, because
        # servers set SO_REUSEADDR and the reservation does not listen. Connections are refused until a server listens.
        reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _reservations.append(reservation)
        return port
