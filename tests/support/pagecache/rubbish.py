"""A server that speaks the protocol of Redis (RESP) and answers GET with whatever a test says."""

import socket
import threading
import time
from contextlib import suppress


class RubbishRedis:
    """Keeps what it is told with SET. `answer(key, kept)` makes the bytes for GET; None: what a Redis would say."""

    def __init__(self):
        self.kept = {}
        self.answer = None
        self.asked = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}/0"
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
            self.kept[words[1]] = words[2]
        if name != b"GET":
            return b"+OK\r\n"
        self.asked += 1
        kept = self.kept.get(words[1])
        if self.answer is not None:
            return self.answer(words[1], kept)
        return bulk(kept) if kept is not None else b"$-1\r\n"


def bulk(content):
    return b"$%d\r\n%b\r\n" % (len(content), content)


def dripping(head, part=b"x" * 100, pause=0.1):
    """Sends `head`, and then a little again and again, for ten seconds."""
    yield head
    for _ in range(int(10 / pause)):
        time.sleep(pause)
        yield part


def _parts(reply):
    return [reply] if isinstance(reply, bytes) else reply


def _command(lines):
    """The next command, as a list of words; empty when the other side hung up."""
    head = lines.readline()
    words = []
    for _ in range(int(head[1:] or 0)):
        length = int(lines.readline()[1:])
        words.append(lines.read(length + 2)[:-2])
    return words
