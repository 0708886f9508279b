"""A pipe that a child process writes to, and this one reads."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager


@asynccontextmanager
async def piped(limit: int) -> AsyncGenerator[tuple[asyncio.StreamReader, int]]:
    """Give a reader, and the end of its pipe to be written to, which whoever asks closes.

    ``limit`` is as for :class:`asyncio.StreamReader`, in bytes. With asyncio's own pipes, a
    process counts as running while anybody holds its output.
    """
    source, end = os.pipe()
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=limit)
    transport, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(source, "rb", 0)
    )
    try:
        yield reader, end
    finally:
        transport.close()
