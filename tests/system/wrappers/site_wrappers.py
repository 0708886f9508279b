"""Wrappers of a site, found by their entry points; what each does, its parameters say."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from pathlib import Path

from recado.wrapping import Job, Wrapper

nothing = "this is no class"


class Own(Wrapper):
    """Tells how it does, then ends as it is told to."""

    async def run(self, job: Job) -> bool | None:
        await job.update({"payload": job.payload})
        await asyncio.gather(*(asyncio.sleep(0) for _ in range(3)))
        match job.parameters.get("end"):
            case "false":
                return False
            case "raise":
                raise ValueError("no beam in \udcff")
            case "vanish":
                os._exit(0)
            case "crash":
                os.kill(os.getpid(), signal.SIGSEGV)
            case "large":
                await job.update("x" * 17 * 2**20)
            case _:
                job.task = "tidying up"
                job.record_result_individual_file(Path("a.log"), "log")
                job.record_result_all_files(["a.log"])
        return None


class Blocking(Wrapper):
    """Says that it is there, and blocks until it is ended."""

    def run(self, job: Job) -> None:
        try:
            job.update("there")
            print("there", flush=True)
            threading.Event().wait()
        finally:
            Path("tidied").touch()
