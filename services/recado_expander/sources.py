"""Where studies are found: by a path in the folder, or by a name in the registry."""

from __future__ import annotations

from recado.clients.lookup import Lookup
from recado.errors import (
    RecadoError,
    RemoteError,
    RequestTimeoutError,
    UnroutableError,
)
from recado.runtime.threads import Threads
from recado.schemas.registry import StudyEntry
from recado.studies import Source, StudyFolder, UnusableError, is_path
from recado_expander.recent import Recent


class RegistryAwayError(RecadoError):
    """Raised when a study's name cannot be looked up now; the registry may come back."""


class Sources:
    """Finds studies, as they are at this moment."""

    def __init__(self, folder: StudyFolder, registry: Lookup, threads: Threads) -> None:
        self._folder = folder
        self._registry = registry
        self._threads = threads
        # So that what the registry still means by a name need not travel again.
        self._looked_up: Recent[str, Source] = Recent()

    async def find(self, study: str, digest: str = "") -> Source:
        """Return what a study is read from: a path of the folder, or a registry's name.

        Of the versions that a name can mean, the one with a digest is taken, if there is
        one; what is returned has the name of that version.

        Raises:
            NotFoundError: if there is none; with the nearest.
            UnusableError: if it is there, and is not read.
            RegistryAwayError: if no registry answers.
            OSError, RemoteError: if the file cannot be read now, which may pass.
        """
        if not is_path(study):
            return await self._asked(study, digest)
        text: bytes = await self._threads.run(self._folder.read, study)
        return Source.of(study, text)

    async def _asked(self, name: str, digest: str) -> Source:
        kept = self._looked_up.get(name)
        known = kept.sha256 if kept else ""
        try:
            entry = await self._registry.study(name, known=known, digest=digest)
        except RemoteError as error:
            if error.code == "unusable":
                raise UnusableError(error.text) from error
            raise
        except (RequestTimeoutError, UnroutableError) as error:
            raise _away(name, error) from error
        source = Source.of(entry.name, _text(entry, kept))
        self._looked_up.put(name, source, len(source.text))
        return source


def _text(entry: StudyEntry, known: Source | None) -> bytes:
    if entry.text is not None:
        return entry.text.encode()
    if known is not None and known.sha256 == entry.digest:
        return known.text
    raise _away(entry.name, "it answers without a text")


def _away(name: str, why: object) -> RegistryAwayError:
    return RegistryAwayError(f"study {name!r} cannot be looked up: {why}")
