"""Runs that live in a folder, and the locks of those that were killed.

Takes Snakemake's own folder; every run that reads the Snakefile leaves a file there that it holds
open and locked (flock) for as long as it lives, so that nobody has to guess whether a process
number means anything. Snakemake's own locks stay behind when it is killed, and the next run would
be refused: they are taken away if no run of the same study lives.
"""

import atexit
import fcntl
import json
import os
import secrets
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

FOLDER = "live"
LOCKS = "locks"

_held: dict[str, int] = {}


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
    # In containers two processes may have one number.
    name = f"{socket.gethostname()}-{secrets.token_hex(4)}-{os.getpid()}"
    # Only once it is locked does it lie where others look.
    new = snakemake / f".{name}"
    handle = os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o664)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.write(handle, what.encode())
        os.replace(new, folder / name)
    except OSError:
        os.close(handle)
        new.unlink(missing_ok=True)
        raise
    _held[name] = handle
    atexit.register((folder / name).unlink, missing_ok=True)


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
    for file in sorted((snakemake / FOLDER).glob("*-*-*")):
        if file.name not in _held and _is_held(file):
            host, _, process = file.name.rsplit("-", 2)
            yield f"process {process} on {host} ({file.read_text(encoding='utf-8')})"


def _is_held(file: Path) -> bool:
    """Tell whether the process of a file lives; the file of a dead one is taken away."""
    try:
        handle = os.open(file, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        # Held by its process, or not to be known.
        return True
    finally:
        os.close(handle)
    # In a folder that several people use, it may be somebody else's.
    with suppress(OSError):
        file.unlink()
    return False


def locks_of(snakemake: Path, study: Path) -> list[Path]:
    """List the lock files of runs of a study; those of others are left to them.

    Parameters
    ----------
    snakemake
        Snakemake's own folder.
    study
        The study's folder of results.
    """
    return [
        lock
        for lock in sorted((snakemake / LOCKS).glob("*.lock"))
        if _mostly_in(study.parent, lock) == study.name
    ]


def locked_outputs(snakemake: Path, study: Path) -> list[str]:
    """List the outputs that runs of a study have locked, or had when they were killed."""
    return [
        line
        for lock in locks_of(snakemake, study)
        if lock.name.endswith(".output.lock")
        for line in lock.read_text(encoding="utf-8", errors="replace").splitlines()
    ]


def _mostly_in(results: Path, lock: Path) -> str | None:
    """Name the study that most files of a lock are of; a run may read another's, too."""
    begin = f"{results}/"
    lines = lock.read_text(encoding="utf-8", errors="replace").splitlines()
    studies = Counter(
        line.removeprefix(begin).partition("/")[0] for line in lines if line.startswith(begin)
    )
    return studies.most_common(1)[0][0] if studies else None


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


class BusyError(Exception):
    """Somebody else is at work on the same results, or may be; says who and what to do."""


def clear_locks(snakemake: Path, study: Path, begun: Path) -> bool:
    """Register this run, and take away the locks of runs of its study that were killed.

    Parameters
    ----------
    snakemake
        Snakemake's own folder.
    study
        The study's folder of results.
    begun
        Snakemake's records of outputs that were begun and not ended.

    Returns
    -------
    bool
        Whether there were such locks.

    Raises
    ------
    BusyError
        If a run of the same study lives, or jobs of one that was killed may go on in a batch
        system.
    """
    if not register_if_possible(snakemake, f"study {study.name}"):
        # Snakemake's own words about its locks have to do.
        return False
    living, locks = others(snakemake), locks_of(snakemake, study)
    if not locks:
        return False
    if same := [one for one in living if one.endswith(f"study {study.name})")]:
        raise BusyError(
            f"at work on the same results: {', '.join(same)}. Wait until it has ended, or stop it."
        )
    if jobs := sent_away(begun):
        raise BusyError(
            "a run was killed whose jobs in a batch system may go on, and two would write the same "
            f"files. End them ({' '.join(jobs)}; with SLURM: scancel and these numbers), then: the "
            "same snakemake command with --unlock, and once more without."
        )
    for lock in locks:
        lock.unlink(missing_ok=True)
    return True
