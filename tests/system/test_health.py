"""Health of instances that run: where their log lines say, for as long as they live."""

from __future__ import annotations

from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.system.cli_process import run, up

ONLY = ("--only", "registry,hello", "--scale", "hello=2")


def asked(url: str, path: str) -> tuple[int, str]:
    """Return the status and the body of an answer."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, body


def test_every_instance_answers_where_it_says_and_ends_with_its_process(
    tmp_path: Path,
) -> None:
    with up(tmp_path, *ONLY, "--health-port", "0") as suite:
        urls = {
            line["url"] for line in suite.log if line["event"] == "health.listening"
        }
        answers = {asked(url, "/ready") for url in urls}
        services = {asked(url, "/metrics")[1].split('service="')[1][:5] for url in urls}
        checked = run(tmp_path, "health", "--url", min(urls))
        assert suite.end() == 0

    assert len(urls) == 3
    assert answers == {(200, '{"ready":true}')}
    assert services == {"hello", "regis"}
    assert (checked.returncode, checked.stderr) == (0, "recado: ready\n")
    for url in urls:
        with pytest.raises(ConnectionRefusedError):
            asked(url, "/live")
