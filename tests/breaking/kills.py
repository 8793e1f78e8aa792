"""Kill a study again and again, and see whether it still ends in the same files.

Runs the micro study of the tests once undisturbed, then kills it (SIGKILL to Snakemake alone, as
the kernel does) at random moments and at aimed ones: while a file is half written, right after one
took its place, while Snakemake takes its locks. After a kill it goes on as it is, or without
Snakemake's folder, or as a copy without dates in a fresh checkout. In the end every file has to be
the same, byte for byte, but for times. `make break` runs it.
"""

import argparse
import filecmp
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))
from running import DEMO, MICRO, checkout_copy

STUDY = Path("results") / MICRO["study"]
# What tells how long something took.
TIMED = ("benchmarks/", "provenance.json", "report.html", ".snakemake_timestamp")
LATEST = 12.0  # seconds after the start of a run
LOOK = 0.002


def start(folder: Path) -> subprocess.Popen[bytes]:
    """Start a run as a user does; what it says goes to a file."""
    (folder / "overlay.yaml").write_text(yaml.safe_dump(MICRO))
    with (folder / "said.txt").open("ab") as said:
        return subprocess.Popen(
            [
                *(sys.executable, "-m", "snakemake", "--cores", "2"),
                *("--configfile", DEMO, "overlay.yaml"),
            ],
            cwd=folder,
            env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
            stdout=said,
            stderr=said,
        )


# Moments: each says, of the folder and of the seconds since the start, whether now is the time.

Moment = Callable[[Path, float], bool]


def at(seconds: float) -> Moment:
    """Some seconds after the start."""

    def random_moment(folder: Path, since: float) -> bool:
        return since >= seconds

    return random_moment


def half_written(folder: Path, since: float) -> bool:
    """While an output has its temporary name."""
    return any((folder / STUDY).rglob(".partial-*"))


def locking(folder: Path, since: float) -> bool:
    """While Snakemake takes its locks."""
    return any((folder / ".snakemake/locks").glob("*.lock"))


class JustMade:
    """Right after an output took its place, before Snakemake can know of it."""

    def __init__(self, folder: Path) -> None:
        self.before = outputs(folder)

    def __call__(self, folder: Path, since: float) -> bool:
        """Tell whether there is an output that was not there at the start."""
        return bool(outputs(folder) - self.before)


def outputs(folder: Path) -> set[Path]:
    """Give what is there, but for logs, records and files of temporary names."""
    return {
        path
        for path in (folder / STUDY).rglob("*")
        if not path.name.startswith(".") and "benchmarks" not in path.parts
    }


def kill(run: subprocess.Popen[bytes], folder: Path, moment: Moment) -> bool:
    """Kill a run at a moment; False if it ended before."""
    began = time.monotonic()
    while run.poll() is None:
        if moment(folder, time.monotonic() - began):
            run.send_signal(signal.SIGKILL)
            run.wait()
            return True
        time.sleep(LOOK)
    return False


# What happens to the results between a kill and the next run.


def as_it_is(folder: Path, spare: Path) -> Path:
    """Go on."""
    return folder


def without_records_of_snakemake(folder: Path, spare: Path) -> Path:
    """Take away Snakemake's folder, as `make clean` does."""
    shutil.rmtree(folder / ".snakemake", ignore_errors=True)
    return folder


def copied(folder: Path, spare: Path) -> Path:
    """Copy the results, without their dates, into a fresh checkout."""
    checkout_copy(spare)
    # A job that has not yet noticed the end of its run may still move its files.
    while True:
        try:
            shutil.copytree(folder / "results", spare / "results", copy_function=shutil.copyfile)
            break
        except shutil.Error:
            shutil.rmtree(spare / "results")
    shutil.rmtree(folder)
    return spare


def compared(folder: Path, undisturbed: Path) -> Iterator[str]:
    """Name every file that is not the same in both, and those that only one has."""
    names = [
        {path.relative_to(one / STUDY).as_posix() for path in (one / STUDY).rglob("*")}
        for one in (folder, undisturbed)
    ]
    yield from (f"{name}: only in one" for name in sorted(names[0] ^ names[1]))
    for name in sorted(names[0] & names[1]):
        ours, theirs = folder / STUDY / name, undisturbed / STUDY / name
        timed = any(part in name for part in TIMED)
        if ours.is_file() and not timed and not filecmp.cmp(ours, theirs, shallow=False):
            yield f"{name}: not the same"


def main() -> None:
    """Kill as often as is asked; exit with 1 if anything came out wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    chance = random.Random(given.seed)
    kinds, wrong, files = Counter[str](), [], 0
    with tempfile.TemporaryDirectory(prefix="signpaths-kills-") as root:
        undisturbed = checkout_copy(Path(root) / "undisturbed")
        if start(undisturbed).wait():
            sys.exit((undisturbed / "said.txt").read_text())
        rounds = 0
        while kinds.total() < given.kills:
            folder = checkout_copy(Path(root) / f"round-{rounds}")
            for attempt in range(1_000):
                run = start(folder)
                moment: Moment = chance.choice(
                    [
                        *(at(chance.uniform(0, LATEST)), at(chance.uniform(0, LATEST))),
                        *(half_written, locking, JustMade(folder)),
                    ]
                )
                if kinds.total() >= given.kills or not kill(run, folder, moment):
                    break
                name = getattr(moment, "__name__", type(moment).__name__)
                after = chance.choice([as_it_is, without_records_of_snakemake, copied])
                kinds[f"{name}, {after.__name__}"] += 1
                print(f"kill {kinds.total()}: {name}, then {after.__name__}", flush=True)
                folder = after(folder, Path(root) / f"round-{rounds}-{attempt}")
            if run.wait():
                wrong.append(f"a rerun failed:\n{(folder / 'said.txt').read_text()}")
                break
            found = list(compared(folder, undisturbed))
            files += len(outputs(folder))
            wrong += found
            print(f"round {rounds}: the same but for {len(found)} files", flush=True)
            rounds += 1
    for name, count in sorted(kinds.items()):
        print(f"{count:4} {name}")
    print(f"{kinds.total()} kills in {rounds} studies, {files} files compared, {len(wrong)} wrong")
    print(*wrong, sep="\n")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
