"""A mail server for tests: takes mails on a free port, and refuses what it is told to."""

from __future__ import annotations

import email
import email.policy
import socketserver
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from threading import Thread


@dataclass
class MailHost:
    """What the server was given, and what it answers."""

    url: str = ""
    mails: list[EmailMessage] = field(default_factory=list[EmailMessage])
    reached: list[list[str]] = field(default_factory=list[list[str]])
    refusals: Mapping[str, str] = field(default_factory=dict[str, str])
    """By the command's first letters, or the recipient's address: the answer."""


@contextmanager
def mail_host() -> Generator[MailHost]:
    """Have a mail server on the loopback."""
    host = MailHost()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            _converse(self, host)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        host.url = f"smtp://127.0.0.1:{server.server_address[1]}"
        thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield host
        finally:
            server.shutdown()
            thread.join()


def _converse(handler: socketserver.StreamRequestHandler, host: MailHost) -> None:
    def say(text: str) -> None:
        handler.wfile.write(f"{text}\r\n".encode())

    say("220 here")
    recipients: list[str] = []
    for raw in handler.rfile:
        command = raw.decode().strip()
        word = command[:4].upper()
        address = command.partition("<")[2].partition(">")[0]
        if answer := host.refusals.get(address) or host.refusals.get(word):
            say(answer)
        elif word == "DATA":
            say("354 go on")
            mail = email.message_from_bytes(_data(handler), policy=email.policy.default)
            assert isinstance(mail, EmailMessage)
            host.mails.append(mail)
            host.reached.append(recipients)
            recipients = []
            say(host.refusals.get("END", "250 taken"))
        elif word == "QUIT":
            say("221 bye")
            return
        else:
            if word == "RCPT":
                recipients.append(address)
            say("250 fine")


def _data(handler: socketserver.StreamRequestHandler) -> bytes:
    lines: list[bytes] = []
    for line in handler.rfile:
        if line == b".\r\n":
            break
        lines.append(line.replace(b"\r\n", b"\n"))
    return b"".join(lines)
