"""A server that speaks RESP and responds to GET with bytes that a test chooses."""

import socket
import threading
import time
from contextlib import suppress


class RubbishRedis:
    """Stores the values of SET and responds to GET with the bytes that `respond(key, stored)` returns.

    While `respond` is None, it responds to GET as Redis does.
    """

    def __init__(self, listener=None):
        self.stored = {}
        self.respond = None
        self.gets = 0
        self._listener = listener or socket.create_server(("127.0.0.1", 0))
        address = self._listener.getsockname()
        self.url = f"unix://{address}" if isinstance(address, str) else f"redis://127.0.0.1:{address[1]}/0"
        threading.Thread(target=self._listen, daemon=True).start()

    def stop(self):
        self._listener.close()

    def _listen(self):
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection):
        with suppress(OSError, ValueError), connection, connection.makefile("rb") as lines:
            while words := _command(lines):
                for part in _parts(self._reply(words)):
                    connection.sendall(part)

    def _reply(self, words):
        name = words[0].upper()
        if name == b"SET":
            self.stored[words[1]] = words[2]
        if name != b"GET":
            return b"+OK\r\n"
        self.gets += 1
        stored = self.stored.get(words[1])
        if self.respond is not None:
            return self.respond(words[1], stored)
        return bulk(stored) if stored is not None else b"$-1\r\n"


def bulk(content):
    return b"$%d\r\n%b\r\n" % (len(content), content)


def dripping(head, part=b"x" * 100, pause=0.1):
    """Yield `head`, and then `part` every `pause` seconds for ten seconds."""
    yield head
    for _ in range(int(10 / pause)):
        time.sleep(pause)
        yield part


def _parts(reply):
    return [reply] if isinstance(reply, bytes) else reply


def _command(lines):
    """The words of the next command. An empty list if the client closed the connection."""
    head = lines.readline()
    words = []
    for _ in range(int(head[1:] or 0)):
        length = int(lines.readline()[1:])
        words.append(lines.read(length + 2)[:-2])
    return words
