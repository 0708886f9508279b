"""Sites: a broker, and what is to be on it; planned and carried out."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

from recado.config import Settings, shown
from recado.errors import ConfigError
from recado.management import Management, Queue, User, management_address
from recado.transport import make_transport
from recado_cli.failing import AwayError
from recado_cli.session import connected
from recado_cli.topology.accounts import Account, read_accounts
from recado_cli.topology.applying import Consent, Outcome, carry_out
from recado_cli.topology.deleting import Deleter
from recado_cli.topology.document import read_document
from recado_cli.topology.expanding import expanded
from recado_cli.topology.own import kept, own_queues, own_state
from recado_cli.topology.planning import Action, Plan, Step, planned
from recado_cli.topology.state import State, actual_state


class Site(Protocol):
    """A broker that somebody is connected to."""

    async def plan(self) -> Plan:
        """Return what has to happen for everything to be as it is wanted."""
        ...

    async def apply(self, plan: Plan, consent: Consent) -> Outcome:
        """Do what a plan says, as far as it was agreed to."""
        ...


@asynccontextmanager
async def connected_site(
    settings: Settings, file: Path | None, users: Path | None
) -> AsyncGenerator[Site]:
    """Be connected to the settings' broker; ``file`` and ``users`` say what is wanted.

    Without a file it is what recado itself needs.

    Raises:
        ConfigError: if a file cannot be read, or is for another kind of broker.
        SchemaError: with everything that is wrong in a file.
    """
    is_rabbitmq = settings.broker.startswith(("amqp:", "amqps:"))
    if is_rabbitmq or settings.management:
        wanted = None if file is None else expanded(read_document(file), str(file))
        accounts = None if users is None else read_accounts(users)
        if wanted is None and not is_rabbitmq:
            raise ConfigError(
                f"broker {shown(settings.broker)!r} is no RabbitMQ; name the file of the"
                " topology that the management interface is to make"
            )
        address = management_address(settings.management, settings.broker)
        async with Management(address) as management:
            yield _Managed(management, settings, wanted, accounts)
        return
    if file is not None:
        raise ConfigError(
            f"{file} is a topology for RabbitMQ, and broker {shown(settings.broker)!r}"
            " is none; without a file there is one for every broker"
        )
    yield _Declared(settings)


class _Managed:
    """A RabbitMQ, through its management interface."""

    def __init__(
        self,
        management: Management,
        settings: Settings,
        wanted: State | None,
        accounts: Sequence[Account] | None,
    ) -> None:
        self._management = management
        self._settings = settings
        self._wanted = wanted
        self._accounts = accounts

    async def plan(self) -> Plan:
        wanted = self._wanted or await self._own()
        if self._accounts is not None:
            wanted = wanted.with_users(await self._users(self._accounts))
        there = await actual_state(self._management, wanted)
        user = await self._management.user_name()
        is_kept = kept(self._settings.plugins, user)
        return planned(wanted, there, is_kept=is_kept)

    async def apply(self, plan: Plan, consent: Consent) -> Outcome:
        broker, nonempty = self._settings.broker, consent.nonempty
        async with Deleter(self._management, broker, nonempty=nonempty) as deleter:
            return await carry_out(plan, self._management, deleter, consent)

    async def _own(self) -> State:
        version = await self._management.version()
        return own_state(self._settings.broker, version, self._settings.plugins)

    async def _users(self, accounts: Sequence[Account]) -> list[User]:
        there = {user.name: user for user in await self._management.users()}
        return [account.user(there.get(account.name)) for account in accounts]


class _Declared:
    """Any broker, through its transport: queues are there, or they are not."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def plan(self) -> Plan:
        there = await self._there(own_queues(self._settings.plugins))
        return Plan(
            tuple(
                Step(Action.CREATE, Queue(vhost="", name=name))
                for name, is_there in there.items()
                if not is_there
            )
        )

    async def apply(self, plan: Plan, consent: Consent) -> Outcome:
        transport = make_transport(self._settings.broker)
        await transport.open()
        try:
            await transport.declare([step.thing.title for step in plan.steps])
        finally:
            await transport.close()
        return Outcome(done=list(plan.steps))

    async def _there(self, queues: Sequence[str]) -> dict[str, bool]:
        try:
            async with connected(self._settings) as transport:
                found = await transport.depths(queues)
        except AwayError:
            # To plan an embedded broker is not to make it.
            found = {}
        return {name: name in found for name in queues}
