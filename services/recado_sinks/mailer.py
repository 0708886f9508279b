"""The mailer: sends a mail for each message, and again while the server is away."""

from __future__ import annotations

import smtplib
import socket
from typing import Any, ClassVar, Final

from recado.events import run_stream
from recado.message import Message
from recado.outbox import Outbox
from recado.retry import Reject, RetryPolicy
from recado.service import Service, takes
from recado_sinks.mail import RESENDS_LIMIT, Mail, mail_of
from recado_sinks.mailserver import MailServer, Refused

MAIL_QUEUE: Final = "mailnotification"
SENT: Final = "mail.sent"
AGAIN_S: Final = 300.0


class Mailer(Service):
    """Sends mails; those of recipe steps, and those that plain messages ask for.

    A message is settled once the server has taken its mail. After a crash in between the
    mail is sent a second time, with the same Message-ID.
    """

    name = "mailer"
    concurrency: ClassVar[int] = 4
    # A mail server is given some hours to come back.
    retry = RetryPolicy(attempts=18, cap_s=1200.0)

    server: MailServer | None

    async def started(self) -> None:
        """Read where the mail server is; without one every mail is a dead letter."""
        settings = self.context.settings
        self.server = MailServer.at(settings.smtp) if settings.smtp else None
        self.sender = settings.mail_from or f"recado@{socket.gethostname()}"
        self.sent = 0
        if self.server is None:
            self.context.log.warning("mail.unset", setting="smtp")

    def status(self) -> dict[str, Any]:
        """Tell how many mails were sent."""
        return {"mails": self.sent}

    # Not async: SMTP is spoken in a thread.
    @takes(MAIL_QUEUE)
    def notify(self, message: Message, outbox: Outbox) -> None:
        """Send the mail that a message asks for."""
        mail = mail_of(message, self.sender)
        encoded = mail.encoded(self.context.clock())
        if self.server is None:
            raise Reject("there is no mail server: give its URL in the setting 'smtp'")
        try:
            refused = self.server.send(encoded)
        except smtplib.SMTPAuthenticationError:
            # Not the mail's fault: whoever minds the password has time to mend it.
            raise
        except smtplib.SMTPResponseException as error:
            if error.smtp_code >= 500:
                raise Reject(f"the mail server refuses the mail: {error}") from error
            raise
        if mail.resends >= RESENDS_LIMIT:
            refused = refused.at_last()
        self._tell(mail, refused, message, outbox)

    def _tell(
        self, mail: Mail, refused: Refused, message: Message, outbox: Outbox
    ) -> None:
        missed = refused.for_good | refused.for_now
        reached = [each for each in mail.recipients if each not in missed]
        if not reached and not refused.for_now:
            answers = "; ".join(f"{who}: {said}" for who, said in missed.items())
            raise Reject(f"the mail server refuses every recipient: {answers}")
        if refused.for_now:
            again = mail.only_to(sorted(refused.for_now))
            outbox.publish(MAIL_QUEUE, again, delay_s=AGAIN_S * 2**mail.resends)
        facts: dict[str, Any] = {
            "subject": mail.subject,
            "recipients": reached,
            "refused": refused.for_good,
            "again": sorted(refused.for_now),
        }
        if message.run:
            outbox.emit(run_stream(message.run), SENT, facts)
        self.sent += bool(reached)
        tell = self.context.log.warning if missed else self.context.log.info
        tell(SENT, **facts)
