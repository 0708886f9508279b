"""The runtime: runs one service, from the first connection to the last settlement."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from recado.clock import Clock, SystemClock, told
from recado.errors import ConfigError, DisconnectedError, RecadoError
from recado.events import EVENTS_QUEUE
from recado.health import Health
from recado.heartbeat import Heartbeat, Status
from recado.letter import describe
from recado.log import get_logger
from recado.message import Message
from recado.outbox import Outbox
from recado.retry import FOREVER
from recado.runtime import naming
from recado.runtime.commands import COMMAND_TOPIC, is_shutdown
from recado.runtime.draining import finished, within
from recado.runtime.judge import Place
from recado.runtime.lane import Lane
from recado.runtime.lanes import Plan, plans_for, work_for
from recado.runtime.load import Load
from recado.runtime.plain import TopicWork
from recado.runtime.settler import Settler
from recado.runtime.tally import Tally
from recado.runtime.threads import Threads
from recado.runtime.vitals import Vitals
from recado.runtime.work import Kit, Work
from recado.service import Context, Service
from recado.transport.base import DEAD_LETTERS, Consumer, Deliver, Delivery, Transport

if TYPE_CHECKING:
    from recado.config import Settings

LAST_S: Final = 2.0
"""How long each of the last acts may take: what is left over, the final heartbeat."""
FIRST_WAIT_S: Final = 0.5
LONGEST_WAIT_S: Final = 15.0


class ExitCode(IntEnum):
    """How a service ended."""

    DRAINED = 0
    """Everything that was held is finished."""
    BROKE = 1
    """It could not start, or a fault ended it."""
    MISUSED = 2
    """A setting cannot be used: starting it again would not help."""
    RELEASED = 3
    """Something that was held had to be put back: no time was left to finish it."""


class Runtime:
    """Runs one instance of a service: once, and until it is stopped."""

    def __init__(
        self,
        service: Service,
        transport: Transport,
        settings: Settings,
        *,
        clock: Clock | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.service = service
        self.transport = transport
        self.settings = settings
        self.clock = clock or SystemClock()
        self.instance = naming.take_name()
        name = type(service).service_name()
        self.log = get_logger(service=name, instance=self.instance)
        self.moved = asyncio.Event()
        """Set whenever a delivery comes, or what was handled is settled."""
        self._name = name
        self._threads = Threads(name)
        self._kit = Kit(
            self.clock,
            chance,
            self._threads,
            self.log,
            service.timeout_s,
            transport.ceiling,
        )
        self._load = Load()
        self._tally = Tally()
        self._settler = Settler(
            transport, self.clock, self.log, self._tally.add, self.moved.set
        )
        self._lanes: list[Lane] = []
        self._vitals = Vitals(
            service,
            self.instance,
            transport,
            self._load,
            self._settler,
            self._tally,
            self._lanes,
            self.log,
        )
        self._health = (
            Health(settings.health_host, settings.health_port, self._vitals)
            if settings.health_port is not None
            else None
        )
        self._consumers: list[Consumer] = []
        self._broken: BaseException | None = None
        self._ended: ExitCode | None = None
        self._hurry = asyncio.Event()
        self._heartbeat = Heartbeat(transport, self.clock, self.log, self._vitals.beat)
        self._beating: asyncio.Task[None] | None = None
        service.context = Context(
            transport, settings, self.instance, self.log, self.clock, asyncio.Event()
        )

    # Life

    async def run(self) -> ExitCode:
        """Run until stopped and drained; return how it ended."""
        try:
            if await self.start():
                await self.stopping.wait()
        except Exception as error:
            self._broke(error)
        return await self.drain()

    @property
    def stopping(self) -> asyncio.Event:
        """Set when the service is to drain."""
        return self.service.context.stopping

    def stop(self) -> None:
        """Drain; when called a second time, put back at once what is held."""
        if self.stopping.is_set():
            self._hurry.set()
        self.stopping.set()

    async def start(self) -> bool:
        """Connect and take part; return false if it was stopped before it could.

        Raises:
            ConfigError: if the settings, or what the service takes, cannot be used.
            UnroutableError: if queues are missing that it may only look for.
        """
        self._vitals.plans = plans_for(type(self.service))
        self._vitals.status = Status.STARTING
        self._vitals.started_at = self.clock()
        if self._health is not None:
            self._vitals.health_url = await self._health.start()
            self.log.info("health.listening", url=self._vitals.health_url)
        if not await self._connected():
            return False
        self._beating = asyncio.create_task(self._heartbeat.run(), name="heartbeat")
        # Nothing is held yet, so whoever is stopped now need not get ready any more.
        self._vitals.has_started = await finished(self.service.started(), self.stopping)
        if not self._vitals.has_started:
            return False
        for plan in self._vitals.plans:
            await self._take_from(plan)
        await self._hear_commands()
        self._vitals.status = Status.IDLE
        self._heartbeat.change()
        self.log.info(
            "service.ready",
            queues=[plan.source for plan in self._vitals.plans],
            concurrency=type(self.service).concurrency,
            policy=self.service.retry.to_json(),
        )
        return True

    async def drain(self) -> ExitCode:
        """Take no more, finish what is held within the grace period, and let go.

        A second time there is nothing left to do.
        """
        if self._ended is not None:
            return self._ended
        self.stopping.set()
        self._vitals.status = Status.SHUTDOWN
        self._heartbeat.change()
        self.log.info(
            "service.draining", in_work=self._load.count, grace_s=self.settings.grace_s
        )
        grace = self.clock.call_later(self.settings.grace_s, self._hurry.set)
        try:
            released = await self._finish()
        finally:
            grace.cancel()
        await self._end()
        self._ended = self._code(released)
        self.log.info("service.stopped", code=int(self._ended), released=released)
        return self._ended

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing is in work; what is handled is settled, or waits for its time."""
        settled = self._settler.is_idle or self._settler.is_paused
        return settled and all(lane.is_idle for lane in self._lanes)

    @property
    def is_waiting(self) -> bool:
        """Whether what is handled cannot be settled until some time has passed."""
        return self._settler.is_paused

    async def settled(self) -> None:
        """Wait until what was handled so far is settled, or waits for its time."""
        await self._settler.at_rest()

    @property
    def is_stuck(self) -> bool:
        """Whether a handler still runs that nobody waits for, and nothing else ends."""
        is_awake = any(not each.done() for lane in self._lanes for each in lane.workers)
        return is_awake or self._threads.busy > 0

    @property
    def plans(self) -> Sequence[Plan]:
        """What the service takes, from where, how many at once."""
        return self._vitals.plans

    @property
    def health_url(self) -> str | None:
        """Where its health is told over HTTP, if it is."""
        return self._vitals.health_url

    # Starting

    async def _connected(self) -> bool:
        wait_s = FIRST_WAIT_S
        queues = [plan.source for plan in self._vitals.plans if not plan.is_topic]
        while not self.stopping.is_set():
            try:
                await self.transport.open()
                await self.transport.declare(
                    [*queues, EVENTS_QUEUE, DEAD_LETTERS], self.settings.topology
                )
            except DisconnectedError as error:
                # Start order never matters: the broker may come later.
                self.log.warning(
                    "transport.waiting", error=str(error), retry_in_s=wait_s
                )
                await told(self.clock, self.stopping, wait_s)
                wait_s = min(LONGEST_WAIT_S, wait_s * 2)
            else:
                return True
        return False

    async def _take_from(self, plan: Plan) -> None:
        place = Place(self._name, self.instance, plan.source, plan.policy)
        lanes: list[Lane] = []
        work = work_for(
            plan, self.service, self._kit, place, lambda held: lanes[0].again(held)
        )
        lanes.append(self._lane(work, plan.workers))
        take = self.transport.subscribe if plan.is_topic else self.transport.consume
        self._consumers.append(
            await take(plan.source, self._deliver(lanes[0]), prefetch=plan.prefetch)
        )
        ceiling = self.transport.ceiling
        if plan.policy is not FOREVER and plan.policy.attempts > ceiling:
            self.log.warning(
                "policy.beyond_ceiling",
                queue=plan.source,
                attempts=plan.policy.attempts,
                ceiling=ceiling,
            )

    async def _hear_commands(self) -> None:
        place = Place(self._name, self.instance, COMMAND_TOPIC)
        lane = self._lane(TopicWork(self._kit, place, self._command), 1)
        self._consumers.append(
            await self.transport.subscribe(COMMAND_TOPIC, self._deliver(lane))
        )

    async def _command(self, message: Message, outbox: Outbox) -> None:
        if is_shutdown(message.body, self.instance, type(self.service)):
            self.log.info("service.asked_to_stop", message_id=message.id)
            if not self.stopping.is_set():
                self.stop()

    def _lane(self, work: Work, workers: int) -> Lane:
        lane = Lane(work, self._load, self._settler.add, workers=workers)
        for worker in lane.workers:
            worker.add_done_callback(self._worker_ended)
        self._lanes.append(lane)
        return lane

    def _deliver(self, lane: Lane) -> Deliver:
        def deliver(deliveries: Sequence[Delivery]) -> None:
            lane.deliver(deliveries)
            self.moved.set()

        return deliver

    # While it runs

    def _worker_ended(self, worker: asyncio.Task[None]) -> None:
        if not worker.cancelled() and (error := worker.exception()):
            self._broke(error)
            self.stop()

    def _broke(self, error: BaseException) -> None:
        self._broken = error
        # What recado raises on purpose says what is wrong; the rest needs its traceback.
        trace = None if isinstance(error, RecadoError) else error
        self.log.error("service.broke", error=describe(error)[0], exc_info=trace)

    # Ending

    async def _finish(self) -> int:
        """Finish what is held; return how many messages were put back instead."""
        for lane in self._lanes:
            lane.close()
        # Put back only then, or it would be delivered to this same instance again.
        await finished(self._cancel_consumers(), self._hurry)
        for lane in self._lanes:
            lane.put_back()
        released = 0
        if not await finished(self._workers_ended(), self._hurry):
            released = sum(lane.cancel() for lane in self._lanes)
            await within(self.clock, LAST_S, self._workers_ended())
        if not await finished(self._settler.idle(), self._hurry) and not await within(
            self.clock, LAST_S, self._settler.idle()
        ):
            released += self._settler.abandon()
        return released

    async def _cancel_consumers(self) -> None:
        for consumer in self._consumers:
            try:
                await consumer.cancel()
            except Exception as error:
                # Its connection is gone, and it takes no more in that case either.
                self.log.warning("consumer.cancel_failed", error=describe(error)[0])

    async def _workers_ended(self) -> None:
        workers = [worker for lane in self._lanes for worker in lane.workers]
        if workers:
            await asyncio.wait(workers)

    async def _end(self) -> None:
        acts = [self._last_heartbeat, self.transport.close]
        if self._health is not None:
            acts.append(self._health.stop)
        if self._vitals.has_started:
            acts.insert(0, self.service.stopped)
        for act in acts:
            try:
                if not await within(self.clock, LAST_S, act()):
                    self.log.warning("service.left_waiting", act=act.__name__)
            except Exception as error:
                self._broke(error)
        self._threads.close()
        naming.give_back(self.instance)

    async def _last_heartbeat(self) -> None:
        if self._beating is not None:
            self._beating.cancel()
            self._vitals.status = Status.ERROR if self._broken else Status.END
            await self._heartbeat.send()

    def _code(self, released: int) -> ExitCode:
        if isinstance(self._broken, ConfigError):
            return ExitCode.MISUSED
        if self._broken is not None:
            return ExitCode.BROKE
        return ExitCode.RELEASED if released else ExitCode.DRAINED
