"""What is on a server knows under which path it is made, and with what."""

from __future__ import annotations

from recado.management import (
    Binding,
    Exchange,
    Permission,
    Policy,
    Queue,
    User,
    VirtualHost,
)


def test_every_part_of_a_path_is_encoded() -> None:
    assert VirtualHost(name="/").path == "/vhosts/%2F"
    assert Queue(vhost="/", name="a/b c").path == "/queues/%2F/a%2Fb%20c"
    assert (
        Binding(vhost="/", source="x/", destination="ü", routing_key="#").path
        == "/bindings/%2F/e/x%2F/q/%C3%BC"
    )


def test_a_binding_to_an_exchange_is_told_from_one_to_a_queue_of_its_name() -> None:
    ends = {"vhost": "v", "source": "a", "destination": "b"}

    to_queue = Binding.model_validate(ends)
    to_exchange = Binding.model_validate(ends | {"destination_type": "exchange"})

    assert to_exchange.path == "/bindings/v/e/a/e/b"
    assert to_queue.place != to_exchange.place


def test_each_kind_is_made_with_its_own_fields_alone() -> None:
    policy = Policy(vhost="v", name="p", pattern="^a", definition={"max-length": 1})
    queue = Queue(vhost="v", name="q", messages=3, consumers=1)
    rights = Permission(vhost="v", user="u", configure="", write=".*", read=".*")

    assert policy.content == {
        "pattern": "^a",
        "definition": {"max-length": 1},
        "priority": 0,
        "apply-to": "all",
    }
    assert queue.content == {"durable": True, "auto_delete": False, "arguments": {}}
    assert rights.content == {"configure": "", "write": ".*", "read": ".*"}


def test_tags_are_read_in_both_forms_and_sent_as_one_text() -> None:
    as_list = User.model_validate({"name": "u", "tags": ["monitoring", "management"]})
    as_text = User.model_validate({"name": "u", "tags": "monitoring, management"})

    assert as_list == as_text
    assert as_list.content["tags"] == "monitoring,management"
    assert User.model_validate({"name": "u", "tags": ""}).tags == ()


def test_what_the_interface_tells_beyond_that_is_dropped() -> None:
    told = {"vhost": "v", "name": "x", "type": "topic", "user_who": "guest"}

    assert Exchange.model_validate(told) == Exchange(vhost="v", name="x", type="topic")


def test_a_hash_is_not_in_the_text_of_a_user() -> None:
    assert "c2FsdA" not in repr(User(name="u", password_hash="c2FsdA"))
