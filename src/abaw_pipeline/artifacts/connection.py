"""The connection to a cluster's scheduler, and what is said when there is none."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from abaw_pipeline.errors import PipelineError

if TYPE_CHECKING:
    from distributed import Client

_ANSWER_S = 10.0
"""How long a scheduler may take to answer, in seconds."""
_START = "Start one (dask scheduler), see docs/cluster.md, or set execution.scheduler"


class ClusterError(PipelineError):
    """A cluster that is not there, does not answer, or cannot do the work."""


@contextmanager
def connect(scheduler: str) -> Iterator[Client]:
    """A connection to a scheduler, closed at the end; no thread of it stays.

    Args:
        scheduler: `tcp://host:port` (or `tls://`), or the path of a scheduler file.

    Raises:
        ClusterError: the package is missing, or no scheduler answers.
    """
    try:
        from distributed import Client
    except ModuleNotFoundError as error:
        raise ClusterError(
            f"execution.scheduler names a scheduler, but a package for it is missing ({error.name})",
            hint='Install the extra: pip install "abaw_pipeline[cluster]"',
        ) from None
    address = _address(scheduler)
    where = address if address == scheduler else f"{address} (of {scheduler})"
    _knock(address, where)
    try:
        client = Client(address, timeout=_ANSWER_S, set_as_default=False, name="abaw_pipeline")
    except (OSError, ImportError) as error:
        raise ClusterError(f"the scheduler refuses the connection ({error})", where=where, hint=_START) from error
    try:
        yield client
    finally:
        with _quiet("distributed.client"):
            client.close()


@contextmanager
def _quiet(logger: str) -> Iterator[None]:
    """No tracebacks of a connection that is lost and closed; what is wrong is told by an exception."""
    log = logging.getLogger(logger)
    level = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(level)


def _address(scheduler: str) -> str:
    if "://" in scheduler:
        return scheduler
    try:
        return str(json.loads(Path(scheduler).read_text(encoding="utf-8"))["address"])
    except FileNotFoundError:
        hint = f"{_START}; an address begins with tcp://"
        raise ClusterError("there is no such scheduler file", where=scheduler, hint=hint) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ClusterError(f"this is no scheduler file ({error})", where=scheduler, hint=_START) from None


def _knock(address: str, where: str) -> None:
    """Return where a scheduler listens.

    Dask itself tries a refused connection again until its time is up, and waits forever for what never answers.
    """
    try:
        url = urlsplit(address)
        host, port = url.hostname, url.port
    except ValueError:
        host = port = None
    if host is None or port is None:
        raise ClusterError("this is no address of a scheduler", where=where, hint="Write tcp://host:port")
    try:
        with socket.create_connection((host, port), timeout=_ANSWER_S) as door:
            if url.scheme == "tcp" and not _greets(door):
                raise ClusterError("what listens there is no Dask scheduler", where=where, hint=_START)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ClusterError(f"no scheduler answers ({reason})", where=where, hint=_START) from None


def _greets(door: socket.socket) -> bool:
    """Whether it speaks first, as Dask does: the size of its greeting in 8 bytes, the lowest first."""
    size = int.from_bytes(door.recv(8, socket.MSG_WAITALL), "little")
    return 0 < size < 2**20
