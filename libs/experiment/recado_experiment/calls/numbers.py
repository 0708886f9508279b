"""The functions ``uniform``, ``normal`` and ``randint``: numbers of chance.

Each gives one number, or a list of ``k`` numbers where ``k`` is given.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf, isinf
from typing import TYPE_CHECKING, TypeAlias, cast

from recado_experiment.calls.arguments import MAX_ITEMS, Arguments, refuse_params
from recado_experiment.calls.call import Call, Draw, Prepared
from recado_experiment.calls.stream import Stream
from recado_experiment.document.findings import Findings
from recado_experiment.document.tables import shown

if TYPE_CHECKING:
    from recado.message import Json

One: TypeAlias = Callable[[Stream], float]


def prepare_uniform(call: Call, findings: Findings) -> Prepared | None:
    """Draw from ``low`` up to ``high``, each as likely; ``digits`` rounds."""
    refuse_params(call, findings)
    arguments = Arguments.of(call, ("low", "high", "k", "digits"), 2, findings)
    return _prepared(_uniform(arguments), arguments) if arguments else None


def prepare_normal(call: Call, findings: Findings) -> Prepared | None:
    """Draw from a normal distribution; ``low`` and ``high`` cut it off.

    By inversion, so a number takes one draw: the distribution's inverse is that of
    M. J. Wichura, "Algorithm AS241", Applied Statistics 37 (1988).
    """
    refuse_params(call, findings)
    names = ("mean", "sd", "k", "digits", "low", "high")
    arguments = Arguments.of(call, names, 2, findings)
    return _prepared(_normal(arguments), arguments) if arguments else None


def prepare_randint(call: Call, findings: Findings) -> Prepared | None:
    """Draw an integer from ``low`` to ``high``, both included, each as likely."""
    refuse_params(call, findings)
    arguments = Arguments.of(call, ("low", "high", "k"), 2, findings)
    return _prepared(_randint(arguments), arguments) if arguments else None


def _uniform(arguments: Arguments) -> One | None:
    low, high = arguments.number("low", 0.0), arguments.number("high", 1.0)
    if low is None or high is None or not _is_range(low, high, arguments):
        return None
    width = high - low
    return lambda stream: low + width * stream.random()


def _normal(arguments: Arguments) -> One | None:
    from statistics import NormalDist  # seldom needed, and takes long to import

    mean, sd = arguments.number("mean", 0.0), arguments.number("sd", 1.0)
    low = arguments.number("low") if "low" in arguments else -inf
    high = arguments.number("high") if "high" in arguments else inf
    if sd is not None and sd <= 0:
        arguments.report(f"has the sd {sd:g}; it has to be above 0")
        return None
    if low is None or high is None or not _ascends(low, high, arguments):
        return None
    if mean is None or sd is None:
        return None
    bell = NormalDist(mean, sd)
    first, last = bell.cdf(low), bell.cdf(high)
    if not last - first >= 1e-9:  # and if it is nan, of a bell as wide as numbers go
        arguments.report(
            f"leaves next to nothing of the distribution between {low:g} and {high:g}"
        )
        return None

    def one(stream: Stream) -> float:
        share = 0.0
        while not 0.0 < share < 1.0:
            share = first + (last - first) * stream.random()
        return min(max(bell.inv_cdf(share), low), high)

    return one


def _randint(arguments: Arguments) -> One | None:
    missing = [key for key in ("low", "high") if key not in arguments]
    for key in missing:
        arguments.lacks(key, "an integer")
    low, high = arguments.integer("low", 0), arguments.integer("high", 0)
    if missing or low is None or high is None or not _ascends(low, high, arguments):
        return None
    return lambda stream: low + stream.below(high - low + 1)


def _is_range(low: float, high: float, arguments: Arguments) -> bool:
    if isinf(high - low):
        arguments.report(f"goes from {low:g} to {high:g}, which is too far")
        return False
    return _ascends(low, high, arguments)


def _ascends(low: float, high: float, arguments: Arguments) -> bool:
    if low > high:
        # An integer may have more digits than a float has.
        ends = [
            f"{end:g}" if isinstance(end, float) else shown(end) for end in (low, high)
        ]
        arguments.report(f"goes from {' to '.join(ends)}; 'low' cannot be above 'high'")
    return low <= high


def _prepared(one: One | None, arguments: Arguments) -> Prepared | None:
    digits = arguments.integer("digits", 0, 0, 15)
    count = arguments.integer("k", 1, 0, MAX_ITEMS)
    if one is None or digits is None or count is None:
        return None
    made = _rounded(one, digits) if "digits" in arguments else one
    if "k" not in arguments:
        return Prepared(cast("Draw", made))

    def many(stream: Stream) -> Json:
        return [made(stream) for _ in range(count)]

    return Prepared(many, 1 + count)


def _rounded(one: One, digits: int) -> One:
    return lambda stream: round(one(stream), digits)
