"""The connection to a cluster's scheduler, and what is said when there is none."""

from __future__ import annotations

import json
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
    _knock(address)
    try:
        client = Client(address, timeout=_ANSWER_S, set_as_default=False, name="abaw_pipeline")
    except (OSError, ImportError) as error:
        raise ClusterError(f"what listens there gives no scheduler's answer ({error})", where=address, hint=_START) from error
    try:
        yield client
    finally:
        client.close()


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


def _knock(address: str) -> None:
    """Return at once where something listens: Dask itself tries a refused connection again until its time is up."""
    try:
        url = urlsplit(address)
        host, port = url.hostname, url.port
    except ValueError:
        host = port = None
    if host is None or port is None:
        raise ClusterError("this is no address of a scheduler", where=address, hint="Write tcp://host:port")
    try:
        socket.create_connection((host, port), timeout=_ANSWER_S).close()
    except OSError as error:
        reason = error.strerror or str(error)
        raise ClusterError(f"no scheduler answers ({reason})", where=address, hint=_START) from None
