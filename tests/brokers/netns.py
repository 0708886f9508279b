"""A network of its own for a server, whose packets a test can have dropped.

Nothing is told when packets are dropped: connections stay, and are silent. That is how a
network fails; a process that is killed has its connections ended by its system.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from ipaddress import ip_network
from typing import Final, Literal, TypeAlias
from uuid import uuid4

from tests.brokers.requirements import missing

Way: TypeAlias = Literal["in", "out", "both"]
_HOOKS: Final[dict[Way, tuple[str, ...]]] = {
    "in": ("input",),
    "out": ("output",),
    "both": ("input", "output"),
}


def refusal() -> str | None:
    """Return why no network can be made here; none if one can."""
    for package, program in (("iproute2", "ip"), ("nftables", "nft")):
        if shutil.which(program) is None:
            return f"{package} is not installed; tools/install-brokers does it"
    if os.geteuid() != 0:
        return "only root can make a network for a server"
    tried = subprocess.run(["unshare", "--net", "true"], capture_output=True, text=True)
    return f"no network can be made: {tried.stderr}" if tried.returncode else None


class Namespace:
    """A network with one address, which this machine reaches and nobody else."""

    def __init__(self) -> None:
        if reason := refusal():
            missing(reason)
        self._name = f"recado-{uuid4().hex[:8]}"
        self._here, self.host = _addresses()

    def enter(self) -> Sequence[str]:
        """Return what a command starts with that runs there."""
        return ("ip", "netns", "exec", self._name)

    def make(self) -> None:
        """Make the network, and the way to it."""
        name, link = self._name, self._name.replace("recado-", "rec")
        peer = f"{link}p"
        for line in (
            f"ip netns add {name}",
            f"ip link add {link} type veth peer name {peer} netns {name}",
            f"ip addr add {self._here}/30 dev {link}",
            f"ip link set {link} up",
            f"ip -n {name} addr add {self.host}/30 dev {peer}",
            f"ip -n {name} link set {peer} up",
            f"ip -n {name} link set lo up",
            f"ip netns exec {name} nft add table inet cut",
        ):
            run(line)

    def cut(self, way: Way = "both") -> None:
        """Drop what comes into it, what goes out of it, or both; not what stays within."""
        for hook in _HOOKS[way]:
            side = "iifname" if hook == "input" else "oifname"
            chain = f"{{ type filter hook {hook} priority 0 ; policy accept ; }}"
            run(f"{self._nft} add chain inet cut {hook} {chain}")
            run(f"{self._nft} add rule inet cut {hook} {side} != lo drop")

    def heal(self) -> None:
        """Have every packet pass again."""
        run(f"{self._nft} flush table inet cut")

    def delete(self) -> None:
        """End the network; the way to it goes with it."""
        run(f"ip netns delete {self._name}")

    @property
    def _nft(self) -> str:
        return f"ip netns exec {self._name} nft"


def _addresses() -> tuple[str, str]:
    """Return two neighbours among the addresses that are kept for tests of networks."""
    block = random.SystemRandom().randrange(2**15) * 4
    network = ip_network("198.18.0.0/15")
    return str(network[block + 1]), str(network[block + 2])


def run(line: str) -> None:
    done = subprocess.run(line.split(), capture_output=True, text=True)
    assert done.returncode == 0, f"{line}: {done.stderr}"


@contextmanager
def namespace() -> Generator[Namespace]:
    """Make a network for the length of a block."""
    made = Namespace()
    try:
        made.make()
        yield made
    finally:
        made.delete()
