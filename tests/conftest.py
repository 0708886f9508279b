"""What every test needs."""

from __future__ import annotations

import signal


def pytest_configure() -> None:
    """Have signals heard, also where they were ignored when the tests were started.

    A shell starts what runs in its background without Ctrl-C, ``nohup`` without the end of
    the terminal, and processes pass that on; tests that send these signals to processes of
    their own would wait for ever.
    """
    for ignored, action in (
        (signal.SIGINT, signal.default_int_handler),
        (signal.SIGHUP, signal.SIG_DFL),
    ):
        if signal.getsignal(ignored) is signal.SIG_IGN:
            signal.signal(ignored, action)
