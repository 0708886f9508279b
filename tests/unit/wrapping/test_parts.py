"""What a job sends, and the account of its run."""

from __future__ import annotations

import json
from collections.abc import Sequence

from recado.events import RUN_STARTED, Event, run_stream
from recado.ids import checksum, derived_id
from recado.message import PARENT, RECIPE, RUN, Outgoing, decode
from recado.wrapping.parts import Parts
from recado_eventstore.facts import read_facts
from recado_eventstore.runs import Account
from tests.unit.wrapping import jobs
from tests.unit.wrapping.jobs import assignment, events, outputs

ROOT = "00000000-0000-4000-8000-000000000000"


def parts(run: str = jobs.RUN, **step: object) -> Parts:
    """Return the parts of one execution of a job; each execution of it is the same job."""
    given = assignment(run, **step)
    return Parts(given.id, given, "sample", "host.1", lambda: 1000.0)


def settled(*executions: Sequence[Sequence[Outgoing]], first: int = 1) -> Account:
    """Return a run's account after all that executions told, each event once.

    What was sent to steps is handled, by services that send nothing.
    """
    postings = [posting for execution in executions for posting in execution]
    told = {event.id: event for posting in postings for event in events(posting)}
    for posting in postings:
        for each in outputs(posting):
            message = {"message": each.message.id}
            id_ = derived_id(each.message.id, "outcome")
            stream = run_stream(jobs.RUN)
            told[id_] = Event(id_, stream, "message.handled", message, 1001.0)
    sent = derived_id(ROOT, "submitting")
    data = {"children": first, "checksum": f"{checksum(sent):016x}"}
    stream = run_stream(jobs.RUN)
    told["start"] = Event(ROOT, stream, RUN_STARTED, data, 900.0)
    told["submit"] = Event(sent, stream, "message.handled", {"message": sent}, 901.0)
    facts = read_facts(list(told.values()))
    return Account(1, jobs.RUN).after(list(facts.values()))[0]


def all_of_it(
    job: Parts, updates: int = 1, end: str = "success"
) -> list[list[Outgoing]]:
    """Return all that an execution sends, from its start to its end."""
    return [
        job.begin({}),
        job.output("starting", ""),
        *(job.output("updates", index) for index in range(updates)),
        job.output(end, ""),
        job.output("completed", ""),
        job.end({}, 1.0),
    ]


def test_an_output_is_a_message_of_the_run_to_the_step_it_leads_to() -> None:
    job = parts()

    (sent,) = outputs(job.output("updates", {"done": 7}))

    body = decode(sent.message.body)
    assert sent.queue == "notes"
    assert (body["payload"], body["recipe-pointer"]) == ({"done": 7}, 2)
    assert (body["recipe-path"], body["environment"]) == ([1], {"ID": jobs.RUN})
    headers = sent.message.headers
    assert (headers[RECIPE], headers[RUN]) == ("true", jobs.RUN)
    assert headers[PARENT] != job.job


def test_what_the_recipe_does_not_want_is_not_sent() -> None:
    assert parts().output("result-all-files", {}) == []
    assert parts().output("", "unnamed") == []


def test_an_unnamed_output_is_sent_to_without_a_name() -> None:
    sent = outputs(parts(output=[2]).output("", 5))

    assert [decode(each.message.body)["payload"] for each in sent] == [5]


def test_a_header_of_the_jobs_own_goes_along_and_replaces_none_of_ours() -> None:
    headers = {"mine": "1", RECIPE: "no"}

    (sent,) = outputs(parts().output("updates", 1, headers=headers))

    assert (sent.message.headers["mine"], sent.message.headers[RECIPE]) == ("1", "true")


def test_a_delay_goes_before_the_recipes() -> None:
    (sent,) = outputs(parts().output("updates", 1, delay_s=7))

    assert sent.delay_s == 7


def test_a_checkpoint_comes_back_to_the_jobs_own_step() -> None:
    (sent,) = outputs(parts().checkpoint({"at": 3}, 60))

    assert (sent.queue, sent.delay_s) == ("cluster", 60)
    assert decode(sent.message.body)["recipe-path"] == []


def test_a_job_that_is_run_again_sends_the_same_ids() -> None:
    first, again = (
        [each.message.id for posting in all_of_it(parts()) for each in outputs(posting)]
        for _ in range(2)
    )

    assert first == again
    assert len(set(first)) == 4


def test_the_run_is_done_when_the_job_and_all_it_sent_are() -> None:
    account = settled(all_of_it(parts(), updates=3))

    assert account.state == "done"
    # The submission, the job's start and end, and six outputs, each with a part.
    assert (account.sent, account.handled) == (15, 15)


def test_the_run_stays_open_while_the_job_runs() -> None:
    assert settled(all_of_it(parts())[:-1]).state == "running"


def test_the_run_is_done_when_a_job_that_was_killed_is_run_again_otherwise() -> None:
    killed = all_of_it(parts(), updates=5)[:6]
    again = all_of_it(parts(), updates=2, end="failure")

    assert settled(killed).state == "running"
    assert settled(killed, again).state == "done"


def test_the_run_is_done_when_a_job_that_had_ended_is_run_again() -> None:
    first = all_of_it(parts(), updates=1, end="failure")
    again = all_of_it(parts(), updates=4, end="success")

    assert settled(first, again).state == "done"


def test_each_execution_tells_of_itself() -> None:
    first, again = (events(parts().begin({"host": "a"}))[0] for _ in range(2))

    assert first.type == again.type == "job.started"
    assert first.id != again.id
    assert first.data == {"job": parts().job, "step": 1, "host": "a"}
    assert first.stream == run_stream(jobs.RUN)


def test_a_job_of_no_run_sends_its_outputs_and_keeps_no_account() -> None:
    job = parts(run="")

    posting = job.begin({}) + job.output("updates", 1)

    assert [each.type for each in events(posting)] == ["job.started"]
    assert [each.stream for each in events(posting)] == [f"job-{job.job}"]
    assert len(outputs(posting)) == 1


def test_a_job_without_an_envelope_only_tells_events() -> None:
    job = Parts(ROOT, None, "sample", "host.1", lambda: 1000.0)

    assert job.output("updates", 1) == []
    assert job.checkpoint(1) == []
    assert (
        json.loads(job.begin({})[0].message.body)["events"][0]["stream"]
        == f"job-{ROOT}"
    )
