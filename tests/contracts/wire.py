"""A wire between a program and a server, which can be cut before a request arrives or before its answer does."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

Rule = Callable[[bytes], str]
"""Told of what the program sends; gives "", "before" (it never arrives) or "after" (its answer never arrives)."""


@dataclass(slots=True, kw_only=True)
class Wire:
    """A proxy on a port of its own."""

    host: str
    port: int
    rule: Rule = lambda _: ""
    sent: list[bytes] = field(default_factory=list)
    """What the program sent, as it came."""
    _listener: socket.socket = field(default_factory=socket.socket)

    @property
    def own_port(self) -> int:
        """Give the port that the program is to be told."""
        port: int = self._listener.getsockname()[1]
        return port

    def requests(self) -> list[str]:
        """Give the HTTP requests that went over it, as `PUT /path`."""
        heads = [chunk.split(b" HTTP/1.1", 1)[0] for chunk in self.sent if b" HTTP/1.1\r\n" in chunk]
        return [head.decode() for head in heads]

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection((self.host, self.port))
                line = _Line(wire=self, near=near, far=far)
                threading.Thread(target=line.upward, daemon=True).start()
                threading.Thread(target=line.downward, daemon=True).start()


@dataclass(slots=True, kw_only=True)
class _Line:
    wire: Wire
    near: socket.socket
    far: socket.socket
    mute: bool = False

    def upward(self) -> None:
        with contextlib.suppress(OSError):
            while chunk := self.near.recv(1 << 16):
                self.wire.sent.append(chunk)
                how = self.wire.rule(chunk)
                if how == "before":
                    break
                self.mute = self.mute or how == "after"
                self.far.sendall(chunk)
        self.cut()

    def downward(self) -> None:
        with contextlib.suppress(OSError):
            while chunk := self.far.recv(1 << 16):
                if self.mute:
                    break
                self.near.sendall(chunk)
        self.cut()

    def cut(self) -> None:
        for end in (self.near, self.far):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@contextlib.contextmanager
def wire_to(host: str, port: int) -> Iterator[Wire]:
    """Lay a wire to a server."""
    wire = Wire(host=host, port=port)
    wire._listener.bind(("127.0.0.1", 0))
    wire._listener.listen(64)
    threading.Thread(target=wire._accept, daemon=True).start()
    try:
        yield wire
    finally:
        # Without it, accept() in the other thread would not notice.
        with contextlib.suppress(OSError):
            wire._listener.shutdown(socket.SHUT_RDWR)
        wire._listener.close()


def once(how: str, *, when: bytes) -> Rule:
    """Give a rule that cuts the first request that has these bytes in it."""
    return times(1, how, when=when)


def times(count: int, how: str, *, when: bytes) -> Rule:
    """Give a rule that cuts the first requests that have these bytes in them."""
    left = [None] * count

    def rule(chunk: bytes) -> str:
        if when in chunk and left:
            left.pop()
            return how
        return ""

    return rule
