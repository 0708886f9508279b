"""Certificates of an authority that only the tests trust."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.brokers.requirements import required

STORE_PASSWORD: Final = "secret"


@dataclass(frozen=True, slots=True)
class Certificates:
    """Where a server's certificate is, its key, and that of who vouches for it."""

    authority: Path
    certificate: Path
    key: Path
    store: Path
    """Certificate and key as Java wants them."""


def make_certificates(folder: Path, host: str = "127.0.0.1") -> Certificates:
    """Make an authority, and a certificate for a host that it signed."""
    openssl = required("openssl", "openssl")
    folder.mkdir(parents=True, exist_ok=True)
    made = Certificates(
        *(folder / it for it in ("ca.pem", "it.pem", "it.key", "it.p12"))
    )
    ca_key, request, names = (folder / it for it in ("ca.key", "it.csr", "names"))
    names.write_text(f"subjectAltName=IP:{host},DNS:localhost\n")
    key = ("-newkey", "rsa:2048", "-nodes")
    ca = ("-subj", "/CN=tests", "-days", "2", "-keyout", ca_key)
    signer = ("-CA", made.authority, "-CAkey", ca_key, "-CAcreateserial", "-days", "2")
    named = ("-extfile", names)
    pair = ("-in", made.certificate, "-inkey", made.key)
    for words in (
        ("req", "-x509", *key, *ca, "-out", made.authority),
        ("req", *key, "-subj", f"/CN={host}", "-keyout", made.key, "-out", request),
        ("x509", "-req", "-in", request, *signer, *named, "-out", made.certificate),
        (
            "pkcs12",
            "-export",
            *pair,
            "-passout",
            f"pass:{STORE_PASSWORD}",
            "-out",
            made.store,
        ),
    ):
        subprocess.run([openssl, *words], check=True, capture_output=True)
    return made
