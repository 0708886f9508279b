"""As few frames as possible tell which deliveries have ended, and never one too many."""

import random

from recado.transport.rabbitmq.acks import Acks


def ended(acks: Acks, *tags: int) -> list[tuple[int, bool]]:
    for tag in tags:
        acks.end(tag)
    return acks.take()


def test_what_ended_in_order_is_told_at_once() -> None:
    assert ended(Acks(), 1, 2, 3) == [(3, True)]


def test_what_ended_behind_one_that_is_held_is_told_alone() -> None:
    assert ended(Acks(), 3, 2) == [(2, False), (3, False)]


def test_what_was_told_alone_is_passed_over_when_the_first_ends() -> None:
    acks = Acks()
    ended(acks, 2, 3)

    assert ended(acks, 1) == [(1, True)]
    assert ended(acks, 4, 5) == [(5, True)]


def test_nothing_ended_is_nothing_told() -> None:
    assert Acks().take() == []


def test_in_any_order_everything_is_told_once_and_no_held_one_is_included() -> None:
    seed = random.randrange(1_000_000)
    print(f"seed {seed}")
    chance = random.Random(seed)
    for _ in range(100):
        broker, acks = set(range(1, 60)), Acks()
        tags = sorted(broker, key=lambda tag: tag + chance.uniform(0, 20))
        held = set(tags)
        while tags:
            count = chance.randint(1, 6)
            for tag in tags[:count]:
                acks.end(tag)
            held -= set(tags[:count])
            del tags[:count]
            for tag, multiple in acks.take():
                assert tag in broker, "RabbitMQ closes the channel at an unknown tag"
                told = {it for it in broker if it <= tag} if multiple else {tag}
                broker -= told
            assert broker == held
