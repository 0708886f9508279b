"""Starts a job and watches over it: the program that ``recado wrap`` starts it with.

Run as a file, with nothing but the standard library: ``launch.py LEASH LINE PROGRAM
ARG...``. The line becomes the job's descriptor 3. The leash is a pipe whose other end only
``recado wrap`` holds: when that is gone, even by SIGKILL, the job and all that it started
are ended. Otherwise this ends as the job does.
"""

from __future__ import annotations

import os
import resource
import select
import signal
import sys

LINE = 3
NOT_EXECUTABLE = 126
NOT_FOUND = 127
_MEANT_FOR_THE_JOB = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def main(leash: int, line: int, *command: str) -> int:
    """Start a command, and return its exit code when it ends."""
    wake, awake = os.pipe()
    os.set_blocking(awake, False)
    signal.set_wakeup_fd(awake)
    for number in (*_MEANT_FOR_THE_JOB, signal.SIGCHLD):
        # Heard and left alone, so that the job has them as they always are.
        signal.signal(number, _leave)
    job = os.fork()
    if job == 0:
        os._exit(_become(line, command))
    os.close(line)

    def pass_on(number: int, _: object) -> None:
        os.kill(job, number)

    signal.signal(signal.SIGUSR2, pass_on)
    while True:
        ready, _, _ = select.select([leash, wake], [], [])
        if leash in ready:
            os.killpg(0, signal.SIGKILL)
        os.read(wake, 512)
        ended, status = os.waitpid(job, os.WNOHANG)
        if ended:
            return _end_as(os.waitstatus_to_exitcode(status))


def _leave(number: int, _: object) -> None:
    """Leave a signal to the job, which gets it as well."""


def _become(line: int, command: tuple[str, ...]) -> int:
    """Become the command; return the exit code if that cannot be."""
    if line == LINE:
        os.set_inheritable(LINE, True)
    else:
        os.dup2(line, LINE)
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        # Python has set them aside, and the command would inherit that.
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execvp(command[0], command)
    except OSError as error:
        os.write(2, f"recado: {command[0]}: {error.strerror}\n".encode())
        is_missing = isinstance(error, FileNotFoundError | NotADirectoryError)
        return NOT_FOUND if is_missing else NOT_EXECUTABLE


def _end_as(code: int) -> int:
    """Return an exit code, or end by the signal that ended the job."""
    if code < 0:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    return code


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:]))
