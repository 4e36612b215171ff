"""Clusters that other software runs: an address becomes a ``concurrent.futures.Executor``."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

from rigopt.errors import InputError

DASK = "dask://"
PATIENCE_S = 10
"""How long a scheduler, or its first worker, is waited for."""


@contextmanager
def cluster(address: str, *, where: str) -> Iterator[tuple[Executor, int]]:
    """The executor of a cluster, and how many tasks it runs at once.

    Args:
        address: ``dask://HOST:PORT`` of a Dask scheduler whose workers have rigopt installed.
        where: what the address was given for, for messages.

    Raises:
        InputError: if it is no such address, nobody answers there, or Dask is not installed.
    """
    host = address.removeprefix(DASK)
    if not address.startswith(DASK) or not host.strip():
        raise InputError(
            f"{address[:60]!r} is no cluster", where=where, mend="write dask://HOST:PORT"
        )
    try:
        from distributed import Client
    except ImportError:
        raise InputError(
            "Dask is not installed", where=where, mend="pip install 'rigopt[dask]'"
        ) from None
    try:
        client = Client(f"tcp://{host}", timeout=PATIENCE_S, set_as_default=False)
    except (OSError, ValueError):
        raise InputError(
            f"no Dask scheduler answers at {host[:60]}",
            where=where,
            mend="start it: dask scheduler",
        ) from None
    with client:
        try:
            client.wait_for_workers(1, timeout=PATIENCE_S)
        except TimeoutError:
            raise InputError(
                f"the scheduler at {host[:60]} has no workers",
                where=where,
                mend=f"start some: dask worker {host[:60]}",
            ) from None
        executor = client.get_executor(pure=False)
        try:
            yield executor, sum(client.nthreads().values())
        finally:
            executor.shutdown(wait=False)
