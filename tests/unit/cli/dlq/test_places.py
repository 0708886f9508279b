"""Where Zocalo's dead letters lie, by the names that each broker gives them."""

from __future__ import annotations

import pytest

from recado.config import Settings
from recado.errors import ConfigError
from recado_cli.dlq.places import in_namespace, namespace, place_of

SQLITE, AMQP, STOMP = "sqlite:///broker.db", "amqp://host/zocalo", "stomp://host/zocalo"


@pytest.mark.parametrize(
    ("name", "broker", "place"),
    [
        ("resize", SQLITE, "dlq.resize"),
        ("resize", AMQP, "dlq.resize"),
        ("dlq.resize", AMQP, "dlq.resize"),
        ("resize", STOMP, "DLQ.zocalo.resize"),
        ("zocalo.resize", STOMP, "DLQ.zocalo.resize"),
        ("DLQ.other.resize", STOMP, "DLQ.other.resize"),
        ("ActiveMQ.DLQ", STOMP, "ActiveMQ.DLQ"),
        ("resize", "stomp+ssl://host", "DLQ.resize"),
    ],
)
def test_a_queue_is_named_by_where_messages_died_or_where_they_lie(
    name: str, broker: str, place: str
) -> None:
    assert place_of(name, broker) == place


def test_recados_own_dead_letters_are_not_among_them() -> None:
    with pytest.raises(ConfigError, match="recado's own"):
        place_of("dlq", AMQP)


@pytest.mark.parametrize(("broker", "space"), [(AMQP, ""), (STOMP, "zocalo.")])
def test_only_activemq_has_a_namespace_before_every_name(
    broker: str, space: str
) -> None:
    assert namespace(broker) == space


@pytest.mark.parametrize(
    ("broker", "other"),
    [
        ("amqp://user:pw@a,b:5/", "amqp://user:pw@a,b:5/%2Fx%20y"),
        ("amqp://a/zocalo?heartbeat=5", "amqp://a/%2Fx%20y?heartbeat=5"),
        ("stomp://a", "stomp://a/%2Fx%20y"),
    ],
)
def test_another_namespace_is_another_path_of_the_brokers_url(
    broker: str, other: str
) -> None:
    settings = Settings(broker=broker)

    assert in_namespace(settings, "/x y").broker == other
    assert in_namespace(settings, None) is settings


def test_the_embedded_broker_has_no_namespaces() -> None:
    with pytest.raises(ConfigError, match="no namespaces"):
        in_namespace(Settings(broker=SQLITE), "zocalo")
