"""Runs that live in a folder, and the locks of those that were killed.

Takes Snakemake's own folder; every run that reads the Snakefile leaves a file there that it holds
open and locked (flock) for as long as it lives, so that nobody has to guess whether a process
number means anything. Snakemake's own locks stay behind when it is killed, and the next run would
be refused: they are taken away if no run lives.
"""

import atexit
import fcntl
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

FOLDER = "live"
LOCKS = "locks"

_held: list[int] = []


def register(snakemake: Path, what: str) -> None:
    """Say that this process lives, until it ends.

    Parameters
    ----------
    snakemake
        Snakemake's own folder.
    what
        What it does, such as the study's name.
    """
    folder = snakemake / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    own = folder / f"{socket.gethostname()}-{os.getpid()}"
    handle = os.open(own, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o644)
    fcntl.flock(handle, fcntl.LOCK_EX)
    os.write(handle, what.encode())
    _held.append(handle)
    atexit.register(own.unlink, missing_ok=True)


def register_if_possible(snakemake: Path, what: str) -> bool:
    """Register, and tell whether the file system can lock files, which it takes."""
    try:
        register(snakemake, what)
    except OSError:
        return False
    return True


def others(snakemake: Path) -> list[str]:
    """Name the other runs that live: process, machine and what they do. Files of dead ones go."""
    return list(_others(snakemake))


def _others(snakemake: Path) -> Iterator[str]:
    for file in sorted((snakemake / FOLDER).glob("*-*")):
        host, _, process = file.name.rpartition("-")
        if host == socket.gethostname() and process == str(os.getpid()):
            continue
        try:
            handle = os.open(file, os.O_RDWR)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            file.unlink(missing_ok=True)
        except BlockingIOError:
            yield f"process {process} on {host} ({file.read_text(encoding='utf-8')})"
        finally:
            os.close(handle)


def stale_locks(snakemake: Path, results: Path) -> list[Path]:
    """List the lock files that name a file of the results; of other workflows' nothing is known.

    Parameters
    ----------
    snakemake
        Snakemake's own folder.
    results
        The folder of all studies' results.
    """
    begin = f"{results}/"
    return [
        lock
        for lock in sorted((snakemake / LOCKS).glob("*.lock"))
        if any(
            line.startswith(begin)
            for line in lock.read_text(encoding="utf-8", errors="replace").splitlines()
        )
    ]


def sent_away(begun: Path) -> list[str]:
    """Give the numbers of jobs in a batch system that were begun and not ended, as it numbers them.

    Parameters
    ----------
    begun
        Snakemake's records of outputs that were begun and not ended.
    """
    found = set()
    for folder, _, names in os.walk(begun):
        for name in names:
            try:
                told = json.loads((Path(folder) / name).read_text(encoding="utf-8"))
                found.add(told["external_jobid"])
            except (OSError, ValueError, LookupError, TypeError):
                continue
    return sorted(str(job) for job in found - {None})


def clear_locks(snakemake: Path, results: Path, begun: Path, what: str) -> str:
    """Register this run, and take away the locks of runs that were killed.

    Parameters
    ----------
    snakemake
        Snakemake's own folder.
    results
        The folder of all studies' results.
    begun
        Snakemake's records of outputs that were begun and not ended.
    what
        What this run does, such as the study's name.

    Returns
    -------
    str
        What a person should know; empty where there is nothing to tell.
    """
    if not register_if_possible(snakemake, what):
        # Snakemake's own words about its locks have to do.
        return ""
    living = others(snakemake)
    locks = stale_locks(snakemake, results)
    if not locks:
        return ""
    if living:
        return (
            f"at work in this folder: {', '.join(living)}. If it is on the same results, wait for "
            "it or stop it; its locks are in use, so do not take them away."
        )
    if jobs := sent_away(begun):
        return (
            "a run was killed whose jobs in a batch system may go on, and two would write the same "
            f"files. End them ({' '.join(jobs)}; with SLURM: scancel and these numbers), then: the "
            "same snakemake command with --unlock, and once more without."
        )
    for lock in locks:
        lock.unlink(missing_ok=True)
    return "took away the locks of a run that was killed; what it finished is kept."
