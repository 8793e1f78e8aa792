"""A mutation run: how many one-place changes of the statistics do the unit tests catch?

A random sample of changes, each tried in a copy of the checkout by the tests that reach its line.
"""

import argparse
import json
import multiprocessing
import os
import queue
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import pytest
from coverage import CoverageData
from places import SOURCES, Key, Mutant, changed, places

ROOT = Path(__file__).parents[2]
PACKAGES = ("closeness", "stability", "evidence")
TESTS = "tests/unit"
HARMLESS = Path(__file__).with_name("harmless.toml")
PYTEST = ("-x", "-q", "-p", "no:cacheprovider", "--hypothesis-profile=quick")
# A change can ask for more memory than the machine has.
MOST_MEMORY = 8 * 2**30
# All tests take half of it, and a caught change ends at its first failure.
CPU_SECONDS = 300.0
# What pytest says, in a copy.
SAID = "said.txt"
# Each trial is a fork of a process that has read the libraries, but nothing of the checkout.
FORKS = multiprocessing.get_context("forkserver")
LIBRARIES = ("hypothesis", "pandas", "scipy.stats", "sklearn.manifold", "xarray", "zarr")
CAUGHT, SURVIVED, TIMED_OUT = "caught", "survived", "timed out"


@dataclass(frozen=True)
class Trial:
    """What became of a mutant."""

    mutant: Mutant
    outcome: str
    seconds: float


def _copy(into: Path) -> Path:
    """Copy the checkout, without what git ignores."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\0")
    for name in filter(lambda name: (ROOT / name).is_file(), filter(None, listed)):
        (into / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, into / name)
    return into


def _run(copy: Path, arguments: Sequence[str], cpu_seconds: float) -> None:
    """Run pytest in a copy, in a process of its own; its exit status is that of the process."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    limit = int(cpu_seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
    with (copy / SAID).open("w") as said:
        os.dup2(said.fileno(), 1)
        os.dup2(said.fileno(), 2)
    os.chdir(copy)
    sys.path.insert(0, str(copy / "workflow"))
    # Tests run commands too.
    os.environ["PYTHONPATH"] = str(copy / "workflow")
    # Bytecode is told by time and size, which a changed number keeps.
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    sys.exit(int(pytest.main([*PYTEST, *arguments])))


def _status(copy: Path, arguments: Sequence[str], cpu_seconds: float = 3600.0) -> int:
    """Run pytest in a fork of a server that has the libraries already."""
    process = FORKS.Process(target=_run, args=(copy, arguments, cpu_seconds))
    process.start()
    process.join()
    return process.exitcode or 0


def _folders() -> list[str]:
    return [f"{TESTS}/{package}" for package in PACKAGES]


class Reach:
    """Which tests reach which lines, by one run of all tests of the packages."""

    def __init__(self, copy: Path, data: Path) -> None:
        if not data.is_file():
            told = [f"--cov={SOURCES}", "--cov-context=test", "--cov-report="]
            if _status(copy, [*_folders(), *told]):
                said = (copy / SAID).read_text(encoding="utf-8")
                raise SystemExit(f"the tests fail before anything is changed:\n{said}")
            shutil.move(copy / ".coverage", data)
        self._data = CoverageData(str(data))
        self._data.read()
        self._files = {
            name.rpartition(f"{SOURCES}/")[2]: name for name in self._data.measured_files()
        }

    def own(self, mutant: Mutant) -> list[str]:
        """Give the tests of the module, or else those of its package's stage."""
        package, stem = mutant.inside.split("/")
        files = (f"{TESTS}/{package}/test_{name}" for name in (stem, f"{package}.py"))
        return [next(filter(lambda file: (ROOT / file).is_file(), files))]

    def others(self, mutant: Mutant) -> list[str]:
        """Give the other tests that reach the line."""
        package = f"{TESTS}/{mutant.inside.partition('/')[0]}/"
        lines = self._data.contexts_by_lineno(self._files[mutant.inside])
        # A statement of several lines is known by those that it begins with.
        line = max((line for line in lines if line <= mutant.line), default=0)
        reached = {context for context in lines.get(line, ()) if context}
        if not reached:  # It runs at import.
            return [package]
        # What its own package does not notice, the packages that use it hardly will.
        reached = {context for context in reached if context.startswith(package)} or reached
        # What a fixture makes, the other tests of the file may look at.
        whole = {name.partition("::")[0] for name in reached if name.endswith("|setup")}
        single = {name.rpartition("|")[0].partition("[")[0] for name in reached}
        over = whole | {*self.own(mutant)}
        return [
            *sorted(name for name in single if name.partition("::")[0] not in over),
            *sorted(whole.difference(self.own(mutant))),
        ]


def _sample(count: int, seed: int) -> list[Mutant]:
    """Draw places by chance, and for each what becomes of it."""
    draw = random.Random(seed)
    modules = sorted(
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / SOURCES / package).glob("*.py")
    )
    found = [place for module in modules for place in places(ROOT, module)]
    draw.shuffle(found)
    mutants = (changed(ROOT, place, draw) for place in found)
    return [mutant for mutant, _ in zip(filter(None, mutants), range(count), strict=False)]


def _harmless() -> dict[Key, str]:
    """Read which changes are known to change nothing, and why."""
    listed = tomllib.loads(HARMLESS.read_text(encoding="utf-8"))["change"]
    for at in listed:
        if at["before"] not in (ROOT / SOURCES / at["module"]).read_text(encoding="utf-8"):
            raise SystemExit(f"{HARMLESS.name}: {at['module']} no longer says {at['before']!r}")
    return {(at["module"], at["before"], at["after"]): at["reason"] for at in listed}


def _try(mutant: Mutant, tests: Sequence[str], copies: "queue.Queue[Path]") -> Trial:
    if not tests:
        return Trial(mutant, SURVIVED, 0.0)
    copy, start = copies.get(), time.monotonic()
    module = copy / mutant.module
    try:
        module.write_text(mutant.source, encoding="utf-8")
        status = _status(copy, tests, CPU_SECONDS)
    finally:
        shutil.copyfile(ROOT / mutant.module, module)
        copies.put(copy)
    stopped = status in (-signal.SIGXCPU, -signal.SIGKILL)
    outcome = TIMED_OUT if stopped else CAUGHT if status else SURVIVED
    return Trial(mutant, outcome, time.monotonic() - start)


def _tried(
    mutants: Sequence[Mutant],
    copies: "queue.Queue[Path]",
    reach: Reach,
    kept: Path | None,
    harmless: Collection[Key],
) -> list[Trial]:
    """Try all mutants by the tests of their modules, and what these miss by the others.

    Those that are known to be harmless are not worth the other tests.
    """
    known = _read_kept(kept)
    over = [Trial(at, known[at.key], 0.0) for at in mutants if at.key in known]
    left, spared = [at for at in mutants if at.key not in known], list[Trial]()
    with ThreadPoolExecutor(copies.qsize()) as pool:
        for tests in (reach.own, reach.others):
            trials = [pool.submit(_try, at, tests(at), copies) for at in left]
            missed = []
            for trial in map(Future.result, as_completed(trials)):
                _say(trial)
                (missed if trial.outcome == SURVIVED else over).append(trial)
                _keep(kept, over)
            spared += [one for one in missed if one.mutant.change in harmless]
            left = [one.mutant for one in missed if one.mutant.change not in harmless]
            print(f"{len(left)} left", flush=True)
    return [*over, *spared, *(Trial(mutant, SURVIVED, 0.0) for mutant in left)]


def _read_kept(path: Path | None) -> dict[str, str]:
    return json.loads(path.read_text(encoding="utf-8")) if path and path.is_file() else {}


def _keep(path: Path | None, caught: list[Trial]) -> None:
    """Write down what was caught; the rest is tried again."""
    if path:
        over = {one.mutant.key: one.outcome for one in caught}
        path.write_text(json.dumps(over, indent=1), encoding="utf-8")


def _say(trial: Trial) -> None:
    mutant = trial.mutant
    print(f"{trial.outcome:9} {trial.seconds:4.0f} s  {mutant.name}", flush=True)
    if trial.outcome == SURVIVED:
        print(f"    - {mutant.before}\n    + {mutant.after}", flush=True)


def _table(trials: list[Trial], harmless: Collection[Key]) -> str:
    rows = ["| package | changes | caught | timed out | survived | of them change nothing |"]
    rows.append("| --- | --- | --- | --- | --- | --- |")
    for package in (*PACKAGES, "all"):
        inside = "" if package == "all" else f"{package}/"
        mine = [trial for trial in trials if trial.mutant.inside.startswith(inside)]
        count = Counter(trial.outcome for trial in mine)
        nothing = sum(at.outcome == SURVIVED and at.mutant.change in harmless for at in mine)
        numbers = (len(mine), *(count[name] for name in (CAUGHT, TIMED_OUT, SURVIVED)), nothing)
        rows.append(" | ".join(["| " + package, *map(str, numbers)]) + " |")
    return "\n".join(rows)


def _summary(trials: list[Trial], harmless: Mapping[Key, str]) -> Iterator[str]:
    """Every survivor, with the reason if it changes nothing; the table; what is caught."""
    survived = [one.mutant for one in trials if one.outcome == SURVIVED]
    for mutant in survived:
        yield f"\n{mutant.name}\n    - {mutant.before}\n    + {mutant.after}"
        if mutant.change in harmless:
            yield f"    changes nothing: {harmless[mutant.change]}"
    yield f"\n{_table(trials, harmless)}\n"
    matter = len(trials) - sum(mutant.change in harmless for mutant in survived)
    seen = len(trials) - len(survived)
    share = f"{100 * seen / max(matter, 1):.1f} %"
    yield f"{seen} of the {matter} changes that matter are caught: {share}"


def main() -> None:
    """Draw, try and count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutants", type=int, default=150, help="how many changes are tried")
    parser.add_argument("--seed", type=int, default=0, help="another seed draws other changes")
    parser.add_argument("--jobs", type=int, default=2, help="how many are tried at a time")
    parser.add_argument("--only", help="try only changes of modules with this in their path")
    parser.add_argument("--reach", type=Path, help="keep here which lines tests reach (old ones)")
    parser.add_argument("--kept", type=Path, help="keep outcomes here; what was caught is over")
    parser.add_argument("--list", action="store_true", help="say what would be tried, and stop")
    options = parser.parse_args()
    harmless = _harmless()
    mutants = [
        mutant
        for mutant in _sample(options.mutants, options.seed)
        if options.only is None or options.only in mutant.name
    ]
    if options.list:
        for mutant in mutants:
            print(json.dumps([mutant.name, mutant.before, mutant.after], ensure_ascii=False))
        return
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    FORKS.set_forkserver_preload(["__main__", *LIBRARIES])
    with tempfile.TemporaryDirectory() as folder:
        copies: queue.Queue[Path] = queue.Queue()
        for job in range(options.jobs):
            copies.put(_copy(Path(folder) / str(job)))
        reach = Reach(Path(folder) / "0", options.reach or Path(folder) / "coverage")
        trials = _tried(mutants, copies, reach, options.kept, harmless)
    print("\n".join(_summary(trials, harmless)))


if __name__ == "__main__":
    main()
