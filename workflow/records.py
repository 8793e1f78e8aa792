"""What made each file, kept with the results: Snakemake's records in the folder of the results.

Takes the folder of all results, and Snakemake's own folder beside it. Snakemake keeps there, for
every output, the params and the code that it was made with; without them every change looks "up to
date". Here they are put into the results and linked back, so they are copied with them, and each
is held to the content that it was written for.
"""

import base64
import glob
import hashlib
import json
import math
import os
import re
import shlex
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from signpaths.sums import sidecar

SNAKEMAKE = Path(".snakemake")
RECORDS = ".made"
# What made an output, and which outputs were begun and not ended.
METADATA, BEGUN = "metadata", "incomplete"
# For each study, what its outputs held when Snakemake had just recorded them.
CONTENTS = "contents"
# Snakemake parts a longer name of a record into folders.
LONGEST_NAME = 254
# Of a folder, Snakemake takes the date of this file in it.
DATED = ".snakemake_timestamp"
# Seconds: a date is kept in a record as a number of limited digits.
SAME_DATE = 1e-3
# A record that lacks one of these says nothing of what made its output.
TOLD = {"params": list, "code": str, "input": list, "endtime": (int, float)}
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
    for kind in (METADATA, BEGUN):
        kept, linked = results / RECORDS / kind, snakemake / kind
        kept.mkdir(parents=True, exist_ok=True)
        snakemake.mkdir(parents=True, exist_ok=True)
        if linked.is_dir() and not linked.is_symlink():
            _move(linked, kept)
        if not linked.is_symlink() or linked.resolve() != kept.resolve():
            _link(linked, os.path.relpath(kept.resolve(), snakemake.resolve()))


def kept_elsewhere(results: Path, snakemake: Path = SNAKEMAKE) -> bool:
    """Tell whether Snakemake's records are linked to other results than these."""
    linked = snakemake / METADATA
    return linked.is_symlink() and linked.resolve() != (results / RECORDS / METADATA).resolve()


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
    """Link to the records, in place of a link to other ones."""
    new = linked.with_name(f".{linked.name}-{os.getpid()}")
    new.symlink_to(target, target_is_directory=True)
    os.replace(new, linked)


def unrecorded(results: Path, study: str, outputs: Iterable[str]) -> list[str]:
    """List outputs of which nothing says what made them: no record, or one of another content.

    A record is of an output with the date that it names. Where the date is another, as after a
    `cp -r`, the content decides, as far as it was ever noted: the same one gets its date back, or
    Snakemake would take it for stale or for new.

    Parameters
    ----------
    results
        The folder of all results.
    study
        The study's name.
    outputs
        What is there. An output that was begun and not ended counts as recorded: Snakemake makes
        it again.

    Returns
    -------
    list of str
        Their paths, sorted.
    """
    noted = results / RECORDS / CONTENTS / f"{study}.json"
    before = _read(noted)
    after, strangers = dict(before), []
    for output in outputs:
        name = _name(output)
        if (results / RECORDS / BEGUN / name).is_file():
            continue
        record = _record(results, name)
        if not record:
            strangers.append(output)
            continue
        ended, known = record["endtime"], before.get(output)
        of_record = known is not None and known[0] == ended
        # A run may take an output away while another one looks.
        with suppress(FileNotFoundError):
            if _has_date(Path(output), ended):
                if not of_record:
                    after[output] = [ended, _content(Path(output))]
            elif of_record and known[1] != _content(Path(output)):
                strangers.append(output)
            else:
                _give_date(Path(output), ended)
    if after != before:
        _note(noted, after)
    return sorted(strangers)


def begin_again(results: Path, outputs: Iterable[str]) -> None:
    """Let Snakemake make again what a killed run was to make and what its records do not tell.

    A job in a batch system may end after its Snakemake was killed, and then nobody records it.

    Parameters
    ----------
    results
        The folder of all results.
    outputs
        What the run was to make.
    """
    for output in outputs:
        name = _name(output)
        ended = _record(results, name).get("endtime", math.nan)
        with suppress(FileNotFoundError):
            if not _has_date(Path(output), ended):
                begun = results / RECORDS / BEGUN / name
                begun.parent.mkdir(parents=True, exist_ok=True)
                begun.write_text('{"external_jobid": null}', encoding="utf-8")


def _record(results: Path, name: Path) -> dict[str, Any]:
    """Read what made an output; nothing where the record does not tell it."""
    found = _read(results / RECORDS / METADATA / name)
    return found if all(isinstance(found.get(key), kind) for key, kind in TOLD.items()) else {}


def _read(path: Path) -> dict[str, Any]:
    """Read what was written as JSON; what is damaged or not there says nothing."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _note(path: Path, contents: dict[str, Any]) -> None:
    partial = path.with_name(f".{path.name}-{os.getpid()}")
    # Results that can only be read are as they were noted.
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps(contents), encoding="utf-8")
        os.replace(partial, path)


def _content(output: Path) -> str:
    """Digest an output: a store by its metadata, which hold sums of all else; a file by its sum."""
    places = (output / "zarr.json", sidecar(output), output)
    told = next((one for one in places if one.is_file()), None)
    return hashlib.sha256(told.read_bytes() if told else b"").hexdigest()


def _has_date(output: Path, ended: float) -> bool:
    """Tell whether an output has the date that its record names; it has to be there."""
    written = output.stat().st_mtime
    dated = output / DATED
    return abs((dated.stat().st_mtime if dated.exists() else written) - ended) <= SAME_DATE


def _give_date(output: Path, ended: float) -> None:
    for dated in (output / DATED, output):
        # Of files that can only be read Snakemake has to take the dates that there are.
        with suppress(OSError):
            os.utime(dated, (ended, ended))


def there(patterns: Iterable[str]) -> set[str]:
    """List the files that could be of patterns with wildcards in braces."""
    return {path for pattern in patterns for path in glob.iglob(_globbed(pattern))}


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
    lost = [str(study)] if more > 0 else outputs
    records = study.parent / RECORDS
    return (
        f"nothing says what made {named}, so nobody can tell whether it fits the config. It was "
        f"put there by hand, copied without {records}, which belongs to it, or made by an earlier "
        "version.\n"
        f"  - Copy {records} too,\n"
        f"  - or have it made again: rm -r {shlex.join(lost)},\n"
        "  - or, if you know that this config and this version made it, say so once: the same "
        "snakemake command with --touch --forceall."
    )
