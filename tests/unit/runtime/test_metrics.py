"""The small parts that metrics are read from."""

from __future__ import annotations

import subprocess
import sys

from recado.metrics import BOUNDS_S, Durations, Reading, Taken, exposition


def test_durations_are_sorted_into_classes() -> None:
    durations = Durations()
    for seconds in (0.0005, 0.001, 0.3, 10_000):
        durations.add(seconds)

    assert durations.sum_s == 10_000.3015
    assert [
        bound
        for bound, count in zip([*BOUNDS_S, None], durations.counts, strict=True)
        for _ in range(count)
    ] == [0.001, 0.001, 0.5, None]


def test_each_class_of_the_exposition_holds_those_below_it() -> None:
    durations = Durations()
    for seconds in (0.002, 0.2):
        durations.add(seconds)
    taken = Taken("resize", 0, 0, durations, {"handled": 2})
    reading = Reading("resize", "1", "", True, True, 0, [taken])

    lines = exposition(reading).decode().splitlines()

    label = 'queue="resize",service="resize"'
    assert 'recado_blocked{service="resize"} 1.0' in lines
    head = "recado_handling_seconds_bucket"
    assert f'{head}{{le="0.001",{label}}} 0.0' in lines
    assert f'{head}{{le="0.0025",{label}}} 1.0' in lines
    assert f'{head}{{le="0.1",{label}}} 1.0' in lines
    assert f'{head}{{le="0.25",{label}}} 2.0' in lines
    assert f'{head}{{le="+Inf",{label}}} 2.0' in lines
    assert f"recado_handling_seconds_sum{{{label}}} 0.202" in lines


def test_the_libraries_for_it_are_not_imported_with_the_runtime() -> None:
    code = (
        "import sys, recado.runtime;"
        "print([it for it in ('uvicorn', 'starlette', 'prometheus_client', 'http.client')"
        " if it in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert done.stdout == "[]\n"
