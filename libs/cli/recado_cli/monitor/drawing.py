"""A view as a screen: as many columns as there is room for, the important ones first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from recado_cli.monitor.view import InstanceRow, QueueRow, View
from recado_cli.output import clean

BAR: Final = 8
"""Characters of a bar that shows how busy an instance is."""
_STATES: Final = {
    "idle": "green",
    "processing": "cyan",
    "starting": "yellow",
    "draining": "yellow",
    "shutting down": "yellow",
    "error": "bold red",
}
_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the instances: its head, its cells, and the width from which it is shown."""

    head: str
    cell: Callable[[InstanceRow], Text | str]
    from_width: int = 0
    justify: Literal["left", "right"] = "left"


def screen(view: View, width: int, height: int, at: datetime) -> RenderableType:
    """Return what is to be on a screen of a size, so much as there is room for."""
    head = header(view, at)
    # Two tables' heads, the lines between the parts, and what is left out.
    room = max(4, height - len(head) - 6)
    free = room - len(view.instances)
    queues = _most_important(view.queues, max(2, room // 3, free))
    shown = view.instances[: max(2, room - len(queues))]
    parts: list[RenderableType] = [*head, Text(), instance_table(shown, width)]
    if left := len(view.instances) - len(shown):
        parts.append(Text(f"… {left} more", style="dim"))
    parts += [Text(), queue_table(queues)]
    if left := len(view.queues) - len(queues):
        parts.append(Text(f"… {left} more", style="dim"))
    return Group(*parts)


def header(view: View, at: datetime) -> list[Text]:
    """Return the lines above the tables: the broker, the runs, and who is away."""
    top = Text.assemble(
        ("recado", "bold"),
        (f"  {at:%H:%M:%S}  q quits", "dim"),
        f"  {clean(view.broker)}",
    )
    if not view.is_connected:
        top.append("  away", style="bold red")
    letters = "not known" if view.letters is None else f"{view.letters:,}"
    counts = Text.assemble(
        ("dead letters: ", ""), (letters, "bold red" if view.letters else "")
    )
    said = [f"{number} {it}" for it, number in view.runs.items() if number != "0"]
    counts.append(
        f"   runs: {', '.join(said) or ('none' if view.runs else 'not known')}"
    )
    lines = [top, counts]
    if view.away:
        lines.append(Text(f"not answering: {', '.join(view.away)}", style="yellow"))
    for line in lines:
        line.no_wrap, line.overflow = True, "ellipsis"
    return lines


def instance_table(rows: Sequence[InstanceRow], width: int) -> Table:
    """Return the instances, a line for each."""
    columns = [each for each in COLUMNS if width >= each.from_width]
    table = _table()
    for each in columns:
        table.add_column(each.head, justify=each.justify, overflow="ellipsis")
    for row in rows:
        style = "dim" if row.has_ended else "bold red" if row.is_late else ""
        table.add_row(*(each.cell(row) for each in columns), style=style)
    return table


def queue_table(rows: Sequence[QueueRow]) -> Table:
    """Return the queues, a line for each."""
    table = _table()
    table.add_column("QUEUE", overflow="ellipsis")
    for head in ("READY", "DELAYED", "HELD", "LATELY"):
        table.add_column(head, justify="right")
    for row in rows:
        numbers = (
            f"{it:,}" if it else "·" for it in (row.ready, row.delayed, row.held)
        )
        style = "" if row.ready or row.delayed or row.held or row.growth else "dim"
        table.add_row(clean(row.queue), *numbers, growth(row.growth), style=style)
    return table


def growth(number: int) -> Text:
    """Return how a queue has grown of late: more is yellow, less is green."""
    if not number:
        return Text("·")
    arrow, style = ("▲", "yellow") if number > 0 else ("▼", "green")
    return Text(f"{arrow} {abs(number):,}", style=style)


def bar(share: float | None) -> Text:
    """Return how busy an instance is, as a bar."""
    if share is None:
        return Text("")
    eighths = round(share * BAR * 8)
    full, part = divmod(eighths, 8)
    text = "█" * full + (_EIGHTHS[part] if part else "")
    return Text(f"{text.ljust(BAR)} {share:4.0%}", style="cyan" if share else "dim")


def _table() -> Table:
    return Table(box=None, pad_edge=False, header_style="bold", show_edge=False)


def _state(row: InstanceRow) -> Text:
    return Text(
        clean(row.state), style="" if row.is_late else _STATES.get(row.state, "")
    )


def _age(row: InstanceRow) -> str:
    return f"{row.age_s:.0f} s" if row.is_old else ""


def _work(row: InstanceRow) -> str:
    if row.in_work is None:
        return ""
    return (
        str(row.in_work)
        if row.concurrency is None
        else f"{row.in_work}/{row.concurrency}"
    )


def _rate(row: InstanceRow) -> str:
    if row.rate is None:
        return ""
    return f"{row.rate:,.0f}/s" if row.rate >= 10 else f"{row.rate:.1f}/s"


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _most_important(rows: Sequence[QueueRow], most: int) -> list[QueueRow]:
    """Return so many queues, those that hold most before the others, by name."""
    fullest = sorted(rows, key=lambda it: -(it.ready + it.delayed + it.held))[:most]
    return sorted(fullest, key=lambda it: it.queue)


COLUMNS: Final = (
    Column("SERVICE", lambda row: clean(row.service)),
    Column("INSTANCE", lambda row: clean(row.instance), 48),
    Column("STATE", _state),
    Column("HEARD", _age, justify="right"),
    Column("BUSY", lambda row: bar(row.share), 64),
    Column("WORK", _work, 72, "right"),
    Column("RATE", _rate, 80, "right"),
    Column("HANDLED", lambda row: _number(row.handled), 90, "right"),
    Column("DEAD", lambda row: _number(row.dead), 90, "right"),
    Column("VERSION", lambda row: clean(row.version), 110),
    Column("TAG", lambda row: clean(row.tag), 120),
)
