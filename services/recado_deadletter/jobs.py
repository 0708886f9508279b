"""Retries as durable jobs: a frozen set of letters, sent back in chunks.

A letter is ``dead``, then ``retrying``, then ``retried``. A job has a *turn*: the id of
the message that may send its next chunk. Whoever sends takes the turn in the transaction
that picks the chunk, so that of two messages which both mean to go on, one does.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from recado.errors import NotFoundError
from recado.schemas.letters import (
    RefusedLetter,
    RetriedLetter,
    RetryReply,
    RetryRequest,
)
from recado_deadletter.database import Database
from recado_deadletter.index import LetterIndex, condition_of
from recado_deadletter.sending import Candidate, Frozen, sort_out
from recado_deadletter.states import move

CHUNK_LETTERS: Final = 100
CHUNK_BYTES: Final = 8 * 1024 * 1024

_SHOWN: Final = 1_000
_CANDIDATE: Final = "seq, id, message, queue, state"


@dataclass(frozen=True, slots=True)
class Chunk:
    """The letters that are sent next, in one act; empty at the job's end."""

    job: str
    letters: tuple[Frozen, ...] = ()

    @property
    def upto(self) -> int:
        """The last letter's place in the index: everything up to it is on its way."""
        return self.letters[-1].seq if self.letters else 0


class RetryJobs:
    """The retry jobs, and the states of the letters in them."""

    def __init__(self, database: Database, index: LetterIndex) -> None:
        self._database = database
        self._index = index

    def targets(self, request: RetryRequest) -> set[str]:
        """Return the queues that the letters of a request would go to."""
        if request.to_queue:
            return {request.to_queue}
        if request.where is None:
            candidates, _ = self._candidates(request)
            return {letter.queue for letter in candidates if letter.queue}
        condition, values = condition_of(request.where)
        rows = self._database.connection().execute(
            f"SELECT DISTINCT queue FROM letters WHERE {condition} AND queue != ''",
            values,
        )
        return {queue for (queue,) in rows}

    def targets_of(self, job: str, upto: int) -> set[str]:
        """Return the queues that a job's next letters go to."""
        rows = self._database.connection().execute(
            "SELECT DISTINCT coalesce(jobs.to_queue, queue) FROM (SELECT job, queue "
            "FROM letters WHERE job = ? AND state = 'retrying' AND seq > ? "
            "ORDER BY seq LIMIT ?) JOIN jobs ON jobs.id = job",
            (job, upto, CHUNK_LETTERS),
        )
        return {queue for (queue,) in rows}

    def freeze(
        self, job: str, request: RetryRequest, missing: frozenset[str], now: float
    ) -> RetryReply:
        """Make a request's letters a job, whose turn is its own id; return the answer.

        The same request, delivered again, finds its job: no letter is added to it.
        """
        with self._database.transaction() as connection:
            candidates, refused = self._candidates(request)
            mine = _letters_of(connection, job)
            others = [letter for letter in candidates if letter.seq not in mine]
            going, held = sort_out(others, request.to_queue, missing)
            if _turn(connection, job) is None:
                _create(connection, job, request.to_queue, going, now)
                mine = {letter.seq: letter for letter in going}
        return _reply(job, request.to_queue, list(mine.values()), refused + held)

    def advance(
        self, job: str, after: str, own: str, upto: int, missing: frozenset[str]
    ) -> Chunk:
        """Note that everything up to ``upto`` was sent; return the next chunk.

        It is empty if the turn is neither ``after`` nor ``own``: somebody else goes on.
        Letters to a missing queue become dead again.
        """
        with self._database.transaction() as connection:
            _confirm(connection, job, upto)
            if _turn(connection, job) not in (after, own):
                return Chunk(job)
            connection.execute("UPDATE jobs SET turn = ? WHERE id = ?", (own, job))
            _give_back(connection, job, missing)
            return _chunk(connection, job)

    def resume(self, turn: str) -> list[str]:
        """Take the turn in each job that was frozen, and nobody has begun to send."""
        with self._database.transaction() as connection:
            rows = connection.execute(
                "SELECT id FROM jobs WHERE turn IN (id, ?) AND EXISTS (SELECT 1 FROM letters "
                "WHERE letters.job = jobs.id AND letters.state = 'retrying')",
                (turn,),
            ).fetchall()
            connection.executemany(
                "UPDATE jobs SET turn = ? WHERE id = ?",
                [(turn, job) for (job,) in rows],
            )
        return [job for (job,) in rows]

    def _candidates(
        self, request: RetryRequest
    ) -> tuple[list[Candidate], list[RefusedLetter]]:
        connection = self._database.connection()
        if request.where is not None:
            condition, values = condition_of(request.where)
            rows = connection.execute(
                f"SELECT {_CANDIDATE} FROM letters WHERE {condition} ORDER BY seq",
                values,
            )
            return [Candidate(*row) for row in rows], []
        found: dict[int, Candidate] = {}
        refused: list[RefusedLetter] = []
        for id_ in request.ids:
            try:
                full = self._index.resolve(id_)
            except NotFoundError as error:
                refused.append(RefusedLetter(letter=id_, why=str(error)))
                continue
            row = connection.execute(
                f"SELECT {_CANDIDATE} FROM letters WHERE id = ?", (full,)
            ).fetchone()
            found[row[0]] = Candidate(*row)
        return list(found.values()), refused


def _letters_of(connection: sqlite3.Connection, job: str) -> dict[int, Candidate]:
    rows = connection.execute(
        f"SELECT {_CANDIDATE} FROM letters WHERE job = ? ORDER BY seq", (job,)
    )
    return {row[0]: Candidate(*row) for row in rows}


def _turn(connection: sqlite3.Connection, job: str) -> str | None:
    row = connection.execute("SELECT turn FROM jobs WHERE id = ?", (job,)).fetchone()
    return str(row[0]) if row else None


def _create(
    connection: sqlite3.Connection,
    job: str,
    to_queue: str | None,
    letters: Sequence[Candidate],
    now: float,
) -> None:
    connection.execute(
        "INSERT INTO jobs (id, to_queue, at, turn) VALUES (?, ?, ?, ?)",
        (job, to_queue, now, job),
    )
    move(
        connection,
        "seq IN (SELECT value FROM json_each(?))",
        [json.dumps([letter.seq for letter in letters])],
        state="retrying",
        job=job,
    )


def _confirm(connection: sqlite3.Connection, job: str, upto: int) -> None:
    move(
        connection,
        "job = ? AND state = 'retrying' AND seq <= ?",
        [job, upto],
        state="retried",
        job=job,
    )


def _give_back(
    connection: sqlite3.Connection, job: str, missing: frozenset[str]
) -> None:
    if not missing:
        return
    move(
        connection,
        "job = ? AND state = 'retrying' AND coalesce((SELECT to_queue FROM jobs "
        "WHERE id = job), queue) IN (SELECT value FROM json_each(?))",
        [job, json.dumps(sorted(missing))],
        state="dead",
        job=None,
    )


def _chunk(connection: sqlite3.Connection, job: str) -> Chunk:
    rows = connection.execute(
        "SELECT letters.seq, letters.id, message, retries, "
        "coalesce(jobs.to_queue, letters.queue), headers, body, run "
        "FROM letters JOIN contents USING (seq) JOIN jobs ON jobs.id = letters.job "
        "WHERE letters.job = ? AND letters.state = 'retrying' ORDER BY letters.seq LIMIT ?",
        (job, CHUNK_LETTERS),
    )
    letters: list[Frozen] = []
    size = 0
    for seq, id_, message, retries, queue, headers, body, run in rows:
        size += len(body)
        if letters and size > CHUNK_BYTES:
            break
        letters.append(
            Frozen(seq, id_, message, retries, queue, json.loads(headers), body, run)
        )
    return Chunk(job, tuple(letters))


def _reply(
    job: str,
    to_queue: str | None,
    going: Sequence[Candidate],
    refused: Sequence[RefusedLetter],
) -> RetryReply:
    return RetryReply(
        job=job,
        count=len(going),
        retried=[
            RetriedLetter(
                letter=letter.id, message=letter.message, queue=to_queue or letter.queue
            )
            for letter in going[:_SHOWN]
        ],
        refused_count=len(refused),
        refused=list(refused[:_SHOWN]),
    )
