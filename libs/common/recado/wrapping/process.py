"""The job's process: in a session of its own, so that all it starts can be ended."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import Sequence
from contextlib import suppress

from recado.wrapping import launch


class JobProcess:
    """A job that was started; it ends when it does, when it is told to, or when we do."""

    def __init__(self, process: Process, leash: int) -> None:
        self._process = process
        self._leash = leash

    @classmethod
    async def start(
        cls,
        command: Sequence[str],
        line: socket.socket,
        stdout: int,
        stderr: int,
        *,
        has_input: bool,
    ) -> JobProcess:
        """Start a command; ``line`` is its end of the line to us."""
        end, leash = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", launch.__file__),
                *(str(end), str(line.fileno()), *command),
                stdin=None if has_input else asyncio.subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                pass_fds=[end, line.fileno()],
                # A Ctrl-C is for us, who know what to tell the job.
                start_new_session=True,
            )
        except BaseException:
            os.close(leash)
            raise
        finally:
            os.close(end)
        return cls(process, leash)

    async def wait(self) -> int:
        """Return the exit code once it has ended; a signal's number is negative."""
        return await self._process.wait()

    def tell(self, number: signal.Signals) -> None:
        """Send the process a signal."""
        with suppress(ProcessLookupError):
            self._process.send_signal(number)

    def tell_all(self, number: signal.Signals) -> None:
        """Send a signal to the process and to all that it started."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def close(self) -> None:
        """End what is left of it."""
        self.tell_all(signal.SIGKILL)
        os.close(self._leash)
