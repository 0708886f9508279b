"""The mail server: what its URL says, and a mail's way there."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from recado.config import shown
from recado.errors import ConfigError
from recado.transport.options import Option, one_of, read_options, seconds

_OPTIONS: Final[Mapping[str, Option]] = {
    "starttls": one_of("yes", "no"),
    "timeout_s": seconds(0.1, 3600),
    "password_file": Path,
    "cafile": Path,
}


@dataclass(frozen=True, slots=True)
class Refused:
    """Recipients that the server did not take, each with its answer."""

    for_good: dict[str, str]
    for_now: dict[str, str]

    def at_last(self) -> Refused:
        """Return the same for a mail that is not put off any more."""
        return Refused(self.for_good | self.for_now, {})


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mails are handed over; each with a connection of its own."""

    url: str
    host: str
    port: int
    user: str
    is_secure: bool
    options: Mapping[str, Any]

    @classmethod
    def at(cls, url: str) -> MailServer:
        """Return the server that a URL names; its ports are 25, and 465 for ``smtps``.

        Raises:
            ConfigError: for a URL that names no host, or an option that nobody knows.
        """
        try:
            parts = urlsplit(url)
            options = read_options(parts.query, _OPTIONS)
            if not parts.hostname:
                raise ValueError("names no host; for example smtp://localhost:25")
            is_secure = parts.scheme == "smtps"
            port = parts.port or (465 if is_secure else 25)
        except ValueError as error:
            raise ConfigError(f"smtp {shown(url)!r}: {error}") from None
        user = unquote(parts.username or "")
        return cls(url, parts.hostname, port, user, is_secure, options)

    def password(self) -> str:
        """Return the password as it is now: it may be in a file.

        Raises:
            OSError: if that cannot be read.
        """
        path: Path | None = self.options.get("password_file")
        if path is None:
            return unquote(urlsplit(self.url).password or "")
        return path.expanduser().read_text().rstrip("\r\n")

    def send(self, mail: EmailMessage) -> Refused:
        """Hand a mail over, and return who does not get it.

        Raises:
            OSError: if the server is away, or does not take it; what it says is an
                smtplib.SMTPException, which is one.
        """
        server = self._connected()
        try:
            refused = server.send_message(mail)
            # What the server says to the farewell, if anything, changes nothing any more.
            with suppress(smtplib.SMTPException):
                server.quit()
        except smtplib.SMTPRecipientsRefused as error:
            refused = error.recipients
        finally:
            server.close()
        answers = {each: (code, _text(said)) for each, (code, said) in refused.items()}
        return Refused(
            {who: said for who, (code, said) in answers.items() if code >= 500},
            {who: said for who, (code, said) in answers.items() if code < 500},
        )

    def _connected(self) -> smtplib.SMTP:
        timeout_s = self.options.get("timeout_s", 60.0)
        if self.is_secure:
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, timeout=timeout_s, context=self._tls()
            )
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=timeout_s)
        try:
            if self.options.get("starttls") == "yes":
                server.starttls(context=self._tls())
            if self.user:
                server.login(self.user, self.password())
        except BaseException:
            server.close()
            raise
        return server

    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.options.get("cafile"))


def _text(said: bytes | str) -> str:
    return said.decode(errors="replace") if isinstance(said, bytes) else said
