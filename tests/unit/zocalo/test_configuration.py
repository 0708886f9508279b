"""A configuration is read by Zocalo's rules, and everything wrong in it is told at once."""

from __future__ import annotations

import pytest

from recado.errors import ConfigError, SchemaError
from recado.zocalo import Configuration, activated, read_configuration
from tests.unit.zocalo.conftest import Written

BLOCKS = """
version: 1
a: {plugin: storage, x: 1}
b: {plugin: storage, x: 2, y: 2}
c: {plugin: transport, default: PikaTransport}
environments:
"""


def environments(written: Written, said: str) -> dict[str, tuple[str, ...]]:
    lines = "\n".join(f"  {line}" for line in said.strip().splitlines())
    return dict(read_configuration(written(BLOCKS + lines)).environments)


def problems(written: Written, text: str) -> dict[str, str]:
    with pytest.raises(SchemaError) as raised:
        read_configuration(written(text))
    return {problem.path: problem.text for problem in raised.value.problems}


def storage(configuration: Configuration, *names: str) -> dict[str, object]:
    found = activated(configuration, names).storage
    return {key: each.value for key, each in found.items()}


def test_an_environment_is_a_list_of_blocks(written: Written) -> None:
    assert environments(written, "live: [b, a, b]") == {"live": ("b", "a")}


def test_groups_come_in_the_order_of_their_names_and_plugins_last(
    written: Written,
) -> None:
    found = environments(written, "live: {plugins: [a, b], zz: c, mm: [b]}")

    assert found == {"live": ("b", "c", "a")}


def test_an_alias_means_what_another_means_over_any_distance(written: Written) -> None:
    found = environments(written, "one: two\ntwo: three\nthree: [a]")

    assert found == {"one": ("a",), "two": ("a",), "three": ("a",)}


def test_aliases_that_lead_nowhere_or_round_are_told(written: Written) -> None:
    found = problems(
        written,
        """
        version: 1
        environments: {one: two, two: one, into: one, live: lvie, far: live}
        """,
    )

    assert found["environments.one"] == "goes round: one → two → one"
    assert found["environments.two"] == "goes round: two → one → two"
    assert found["environments.into"] == "goes round: into → one → two → one"
    assert found["environments.live"].startswith("no environment 'lvie'; did you mean")
    assert len(found) == 5


def test_every_fault_is_told_at_once_with_its_place(written: Written) -> None:
    found = problems(
        written,
        """
        version: 2
        environments:
          a: 3
          b: {group: 4, other: [x, 5]}
          c: [versoin, version, rabit]
          d: [off]
        rabbit: {plugin: pika, host: a, port: 1, username: u, vhost: /}
        none: {host: a}
        number: 3
        mail: {plugin: smtp, host: a, port: many, from: nobody}
        log: {plugin: graylog, protocol: SCTP, host: a, port: 1}
        hosts: {plugin: stomp, host: "a,b,c", port: "1,2", username: u, password: secret,
                prefix: ""}
        api: {plugin: rabbitmqapi, base_url: "http://a/x,http://b/y", username: u,
              password: [secret]}
        """,
    )

    assert found["version"] == "must be 1, not 2"
    assert "environments.a" in found
    assert "must be a block's name" in found["environments.b.group"]
    assert "quote such as off" in found["environments.b.other"]
    assert "quote such as off" in found["environments.d.plugins"]
    assert "did you mean 'rabbit'?" in found["environments.c.plugins"]
    assert found["rabbit.password"] == "is missing"
    assert found["none.plugin"] == "is missing"
    assert "must be a table with the key 'plugin'" in found["number"]
    assert "many" in found["mail.port"]
    assert "zocalo@example.org" in found["mail.from"]
    assert "'SCTP'" in found["log.protocol"]
    assert "has 3 hosts and 2 ports" in found["hosts"]
    assert "names and ports alone" in found["api.base_url"]
    assert "secret" not in str(found)


@pytest.mark.parametrize(
    ("block", "place", "said"),
    [
        (
            "{plugin: stomp, host: a, port: x1, username: u, password: p, prefix: ''}",
            "",
            "'x1'",
        ),
        (
            "{plugin: pika, host: a, port: 0, username: u, password: p, vhost: /}",
            "",
            "'0'",
        ),
        ("{plugin: smtp, host: a, port: 99999}", ".port", "65535, not 99999"),
        (
            "{plugin: rabbitmqapi, base_url: 'http://u:secret@h:99999/'}",
            ".base_url",
            "range",
        ),
    ],
)
def test_what_would_be_no_url_is_told_without_its_password(
    written: Written, block: str, place: str, said: str
) -> None:
    found = problems(written, f"version: 1\na: {block}")

    assert said in found[f"a{place}"]
    assert "secret" not in str(found)


@pytest.mark.parametrize("name", ["~nobody-has-this-name/x", '"a\\0b"'])
def test_a_file_that_cannot_be_there_is_told(written: Written, name: str) -> None:
    text = f"version: 1\ninclude: [{name}]\na: {name}\nenvironments: {{live: [a]}}"

    found = problems(written, text)

    assert "cannot read" in found["include[0]"]
    with pytest.raises(SchemaError, match="a: cannot read"):
        activated(
            read_configuration(written(text.replace(f"[{name}]", "[]"))), ["live"]
        )


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("", "", "must be a table"),
        ("[1]", "", "must be a table"),
        ("environments: {}", "version", "is missing"),
        ("version: true", "version", "not True"),
        ("version: 1\nenvironments: [a]", "environments", "must be a table"),
        ("version: 1\ninclude: a", "include", "must be a list"),
        ("version: [", "line 1", "expected"),
    ],
)
def test_what_is_no_configuration_is_told(
    written: Written, text: str, place: str, said: str
) -> None:
    found = problems(written, text)

    assert said in found[place]


def test_a_name_of_the_file_itself_is_no_block(written: Written) -> None:
    found = problems(written, "version: 1\nenvironments: {a: [environments]}")

    assert found == {"environments.a.plugins": "'environments' is the name of no block"}


def test_a_file_that_is_not_there_is_told(written: Written) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        read_configuration(written("").with_name("none.yaml"))


# Choosing


def test_the_chosen_environments_hold_else_the_variables_else_the_default(
    written: Written,
) -> None:
    path = written(BLOCKS + "  {one: [a], two: [b], default: [c]}")
    configuration = read_configuration(path)

    assert configuration.chosen(["two", "one"], "one") == ("two", "one")
    assert configuration.chosen([], "one") == ("one",)
    assert configuration.chosen([]) == ("default",)
    assert read_configuration(written("version: 1")).chosen([]) == ()
    with pytest.raises(ConfigError, match="no environment 'tow'; did you mean 'two'"):
        configuration.chosen(["tow"])


# Activating


def test_the_storage_of_several_blocks_adds_up_and_the_last_one_counts(
    written: Written,
) -> None:
    path = written(BLOCKS + "  {one: [a, b], two: [b, a], three: [a]}")
    configuration = read_configuration(path)

    assert storage(configuration, "one") == {"x": 2, "y": 2}
    assert storage(configuration, "two") == {"x": 1, "y": 2}
    assert storage(configuration, "one", "three") == {"x": 1, "y": 2}


def test_of_other_plug_ins_the_last_block_holds(written: Written) -> None:
    path = written(
        """
        version: 1
        one: {plugin: transport, default: PikaTransport}
        two: {plugin: transport, default: StompTransport}
        odd: {plugin: moon, phase: full}
        environments: {a: [one, odd], b: [two]}
        """
    )

    found = activated(read_configuration(path), ["a", "b"])

    assert found.plugins["transport"].block == "two"
    assert found.unknown == (("odd", "moon"),)


# Files of secrets


def test_a_block_in_a_file_of_its_own_is_read_when_it_is_needed(
    written: Written,
) -> None:
    path = written(
        """
        version: 1
        open: {plugin: storage, x: 1}
        kept: secrets/storage.yaml
        environments: {default: [open], more: [open, kept]}
        """
    )
    configuration = read_configuration(path)

    assert storage(configuration, "default") == {"x": 1}
    with pytest.raises(SchemaError, match=r"kept: cannot read .*storage\.yaml"):
        activated(configuration, ["more"])
    written("{plugin: storage, x: 2}", "secrets/storage.yaml")
    assert storage(configuration, "more") == {"x": 2}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("plugin: [", "kept: kept.yaml: line 1"),
        ("x: 1", "kept: kept.yaml: plugin: is missing"),
        ("[1]", "kept: kept.yaml: must be a table"),
        ("{plugin: stomp, password: 31415}", "kept: kept.yaml: host: is missing"),
    ],
)
def test_what_is_no_block_there_is_told_with_the_blocks_name_and_no_secret(
    written: Written, text: str, said: str
) -> None:
    configuration = read_configuration(
        written("version: 1\nkept: kept.yaml\nenvironments: {default: [kept]}")
    )
    written(text, "kept.yaml")

    with pytest.raises(SchemaError) as raised:
        activated(configuration, ["default"])

    assert said in str(raised.value)
    assert "31415" not in str(raised.value)


# Files that others include


def test_what_a_file_says_stands_before_what_it_includes(written: Written) -> None:
    written(
        """
        version: 1
        include: [base.yaml]
        a: {plugin: storage, x: site, y: site}
        b: secret.yaml
        environments: {live: [a], test: [b]}
        """,
        "site/site.yaml",
    )
    written("version: 1\na: {plugin: storage, x: base}", "site/base.yaml")
    written("{plugin: storage, z: kept}", "site/secret.yaml")
    written("version: 1\nenvironments: {test: [a]}", "last.yaml")
    path = written(
        """
        version: 1
        include: [site/site.yaml, last.yaml]
        c: {plugin: storage, x: own}
        environments: {live: [a, c, b]}
        """
    )

    configuration = read_configuration(path)

    assert storage(configuration, "live") == {"x": "own", "y": "site", "z": "kept"}
    assert storage(configuration, "test") == {"x": "site", "y": "site"}


def test_what_many_files_include_is_gone_through_once(written: Written) -> None:
    # Two of each, that include both of the next: each time, that were 2^30 times.
    for level in range(30):
        for side in "ab":
            text = f"include: [a{level + 1}.yaml, b{level + 1}.yaml]"
            written(
                f"version: 1\n{text}\nx: {{plugin: storage, x: {level}}}",
                f"{side}{level}.yaml",
            )
    for side in "ab":
        written(f"version: 1\n{side}: {{plugin: storage}}", f"{side}30.yaml")

    path = written("version: 1\ninclude: [a0.yaml]\nenvironments: {live: [x, a, b]}")

    assert storage(read_configuration(path), "live") == {"x": 0}


def test_files_that_include_each_other_without_end_are_refused(
    written: Written,
) -> None:
    for level in range(60):
        written(f"version: 1\ninclude: [f{level + 1}.yaml]", f"f{level}.yaml")

    found = problems(written, "version: 1\ninclude: [f0.yaml]")

    assert "more than 50 deep" in found["f49.yaml: include[0]"]


def test_what_is_wrong_in_included_files_is_told_with_their_names(
    written: Written,
) -> None:
    written("version: 1\ninclude: [zocalo.yaml]", "round.yaml")
    written("version: 3\nx: 1", "wrong.yaml")
    written("a: [", "torn.yaml")

    found = problems(
        written,
        """
        version: 1
        include: [round.yaml, wrong.yaml, torn.yaml, none.yaml]
        """,
    )

    assert found["round.yaml: include[0]"] == "zocalo.yaml includes itself"
    assert found["wrong.yaml: version"] == "must be 1, not 3"
    assert "must be a table" in found["wrong.yaml: x"]
    assert any(place.startswith("include[2]: ") for place in found)
    assert "No such file" in found["include[3]"]
