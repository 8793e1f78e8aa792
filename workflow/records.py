"""What made each file, kept with the results: Snakemake's records in the folder of the results.

Takes the folder of all results, and Snakemake's own folder beside it. Snakemake keeps there, for
every output, the params and the code that it was made with; without them every change looks "up to
date". Here they are put into the results and linked back, so they are copied with them, and are
lost with them only.
"""

import base64
import glob
import json
import os
import re
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path

SNAKEMAKE = Path(".snakemake")
RECORDS = ".made"
# What made an output, and which outputs were begun and not ended.
KINDS = ("metadata", "incomplete")
# Says where the records lie; in a copy of them it says something else.
PLACE = "place"
# Snakemake parts a longer name of a record into folders.
LONGEST_NAME = 254
# Of a folder, Snakemake takes the date of this file in it.
DATED = ".snakemake_timestamp"
NAMED = 3


def keep(results: Path, snakemake: Path = SNAKEMAKE) -> None:
    """Put Snakemake's records into the results, where they are not yet.

    Parameters
    ----------
    results
        The folder of all studies' results.
    snakemake
        Snakemake's own folder. Its records, where it still has some, are moved; a link is left.
    """
    for kind in KINDS:
        kept, linked = results / RECORDS / kind, snakemake / kind
        kept.mkdir(parents=True, exist_ok=True)
        snakemake.mkdir(parents=True, exist_ok=True)
        target = os.path.relpath(kept.resolve(), snakemake.resolve())
        if linked.is_symlink() and not linked.exists():
            linked.unlink()
        if not linked.is_symlink():
            if linked.exists():
                _move(linked, kept)
            _link(linked, target)


def _move(old: Path, kept: Path) -> None:
    """Move all files of a folder; what is there already came with the results and is right."""
    for folder, _, names in os.walk(old, topdown=False):
        for name in names:
            one = Path(folder) / name
            there = kept / one.relative_to(old)
            if there.exists():
                one.unlink()
            else:
                there.parent.mkdir(parents=True, exist_ok=True)
                os.replace(one, there)
        os.rmdir(folder)


def _link(linked: Path, target: str) -> None:
    try:
        linked.symlink_to(target, target_is_directory=True)
    except FileExistsError:
        # Another Snakemake, started at the same time, was quicker.
        if not linked.is_symlink():
            raise


def restore_dates(results: Path) -> None:
    """Give the files of a copy the dates that they had, if the results are a copy.

    `cp -r` dates every file anew, in no order that means anything; Snakemake would take what is
    older than its inputs for stale.
    """
    place = results / RECORDS / PLACE
    was = place.read_text(encoding="utf-8") if place.is_file() else None
    if was is None:
        place.write_text("", encoding="utf-8")
    status = place.stat()
    here = f"{status.st_dev} {status.st_ino}\n"
    if was == here:
        return
    if was is not None:
        for output, record in _records(results / RECORDS / "metadata"):
            ended = record.get("endtime")
            if isinstance(ended, int | float):
                _date(Path(output), ended)
    place.write_text(here, encoding="utf-8")


def forget_lost(results: Path) -> None:
    """Take away the records of results that are gone: what lies there later is not of them."""
    metadata = results / RECORDS / "metadata"
    for record in _files(metadata):
        try:
            output = _output(record, metadata)
        except ValueError:
            continue
        if output.startswith(f"{results}/") and not os.path.lexists(output):
            record.unlink(missing_ok=True)


def _date(output: Path, ended: float) -> None:
    for dated in (output / DATED, output):
        if dated.exists():
            os.utime(dated, (ended, ended))


def _records(metadata: Path) -> Iterator[tuple[str, dict[str, object]]]:
    """Give every output with its record; a damaged record says nothing."""
    for path in _files(metadata):
        try:
            output = _output(path, metadata)
            record = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            continue
        if isinstance(record, dict):
            yield output, record


def _files(metadata: Path) -> Iterator[Path]:
    for folder, _, names in os.walk(metadata):
        yield from (Path(folder) / name for name in names)


def _output(record: Path, metadata: Path) -> str:
    """Give the output that a record is of; its name is as `_name` makes it."""
    parts = record.relative_to(metadata).parts
    return base64.urlsafe_b64decode("".join(part.removeprefix("@") for part in parts)).decode()


def unrecorded(results: Path, patterns: Iterable[str]) -> list[str]:
    """List outputs that are there, and of which nothing says what made them.

    Parameters
    ----------
    results
        The folder of all results.
    patterns
        The outputs of rules, with wildcards in braces.

    Returns
    -------
    list of str
        Their paths, sorted. An output that was begun and not ended counts as recorded: Snakemake
        makes it again.
    """
    known = [results / RECORDS / kind for kind in KINDS]
    found = {path for pattern in patterns for path in glob.iglob(_globbed(pattern))}
    return sorted(path for path in found if not any((one / _name(path)).is_file() for one in known))


def _globbed(pattern: str) -> str:
    parts = re.split(r"\{[^{}]*\}", pattern)
    return "*".join(glob.escape(part) for part in parts)


def _name(output: str) -> Path:
    """Name the record of an output as Snakemake does."""
    key = base64.urlsafe_b64encode(output.encode()).decode()
    *folders, last = [key[at : at + LONGEST_NAME] for at in range(0, len(key), LONGEST_NAME)]
    return Path(*(f"@{one}" for one in folders), last)


def refusal(study: Path, outputs: list[str]) -> str:
    """Say what to do about outputs of which nothing says what made them.

    Parameters
    ----------
    study
        The study's folder of results.
    outputs
        Some of its outputs.
    """
    more = len(outputs) - NAMED
    named = ", ".join(outputs[:NAMED]) + (f" and {more} more" if more > 0 else "")
    records = study.parent / RECORDS
    return (
        f"nothing says what made {named}, so nobody can tell whether they fit the config. They "
        f"were copied without {records}, which belongs to them, or made by an earlier version.\n"
        f"  - Copy {records} too,\n"
        f"  - or make them again: rm -r {shlex.quote(str(study))},\n"
        "  - or, if you know that this config and this version made them, say so once: the same "
        "snakemake command with --touch --forceall."
    )
