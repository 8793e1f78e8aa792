"""What a run says at the terminal: how far it is, why a job failed and how to go on, what came out.

Takes the events that Snakemake logs, whatever logger shows them, and a job's own log. Prints a line
now and then while jobs run; the last lines, once Snakemake and its logger have said theirs.
"""

import logging
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shutil import disk_usage
from typing import TYPE_CHECKING, Any

from signpaths.endings import INTERRUPTED, REFUSED
from signpaths.wording import count, counted
from snakemake.logging import logger
from snakemake.settings.enums import Quietness
from snakemake_interface_logger_plugins.common import LogEvent

if TYPE_CHECKING:
    from snakemake.workflow import Workflow

# Seconds between two lines of a run, and the share of the time so far, whichever is longer: a night
# gives about a hundred lines.
PAUSE, PAUSE_SHARE = 30.0, 0.05
# Of the jobs left, the share whose kind has been timed before a time left is named.
TIMED_SHARE = 0.5
# Running jobs that a line names, kinds of failure that the end shows, lines that it shows of one.
NAMED, SHOWN, LINES = 3, 5, 12
# Bytes at a log's end that are read; fewer free on its disk are none.
TAIL = 2**16
# The wildcards of this workflow in words; others are shown by name and value.
WORDS = {
    "network": "network {}",
    "dims": "{} dimensions",
    "ae_seed": "seed {}",
    "shared_seed": "seed {}",
    "run": "network {}",
    "map": "map {}",
    "split": "split {}",
    "bottleneck": "bottleneck {}",
}
# The last message of a stage, which `signpaths.__main__` writes, with what follows it.
MESSAGE = re.compile(r"^signpaths [\w-]+: (.*)", re.MULTILINE | re.DOTALL)
EPOCH = re.compile(r"^epoch (\d+)/(\d+) ", re.MULTILINE)
# How Snakemake says that a command failed.
STATUS = re.compile(r"returned non-zero exit status (\d+)")
SIGNAL = re.compile(r"died with (?:<Signals\.\w+: (\d+)>|unknown signal (\d+))")
# Of an error of Snakemake's: its head, and the places in Snakefiles that it came from.
HEAD, PLACE = re.compile(r"^\w+( in .*)?[:.]$"), re.compile(r'^ *File ".*", line \d+')
# What Snakemake says in words only.
NOTHING = "Nothing to be done"
FAILED = "At least one job did not complete successfully."
STOPPED = "Terminating processes on user request"
TOLD_TO_END = "Will exit after finishing currently running jobs"


def watch(workflow: "Workflow") -> None:
    """Say at the terminal what a run does, unless it is a dry run or a job of another run."""
    settings = workflow.output_settings
    quiet = settings.quiet or ()
    if (
        not workflow.is_main_process
        or settings.dryrun
        or Quietness.ALL in quiet
        or any(isinstance(handler, Terminal) for handler in logger.handlers)
    ):
        return
    logger.addHandler(Terminal(workflow, quiet=Quietness.PROGRESS in quiet))


@dataclass(frozen=True)
class Job:
    """A job that runs or has run: its rule, what it is of, its logs, and when it began."""

    rule: str
    wildcards: Mapping[str, str]
    logs: Sequence[str]
    began: float = 0.0

    @property
    def name(self) -> str:
        """The job in words: `autoencoder (network 3, 2 dimensions, seed 0)`."""
        of = [
            WORDS.get(name, f"{name} {{}}").format(value) for name, value in self.wildcards.items()
        ]
        return f"{self.rule} ({', '.join(of)})" if of else self.rule


@dataclass(frozen=True)
class Failure:
    """A job that failed, and why."""

    job: Job
    reason: str


@dataclass
class Course:
    """How far a run is; `clock` gives seconds.

    Jobs are counted by rule: those left, the seconds of those that were done, and those `lost`,
    which wait for a job that failed.
    """

    clock: Callable[[], float] = time.monotonic
    total: int = 0
    done: int = 0
    left: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    running: dict[int, Job] = field(default_factory=dict)
    failed: dict[int, Failure] = field(default_factory=dict)
    seconds: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    began: float = 0.0
    told: float = 0.0
    # The most jobs that ran at once since the last line.
    most: int = 1

    def begin(self, jobs: Mapping[str, int]) -> None:
        """Take the jobs of each rule that are to be run."""
        self.left.update({rule: number for rule, number in jobs.items() if rule != "total"})
        self.total = sum(self.left.values())
        self.began = self.told = self.clock()

    def start(self, number: int, rule: str, of: Mapping[str, str], logs: Sequence[str]) -> None:
        """Take a job that starts, or starts again."""
        self.failed.pop(number, None)
        self.running[number] = Job(rule, of, logs, self.clock())
        self.most = max(self.most, len(self.running))
        # A checkpoint of another workflow may have added jobs.
        self.total = max(self.total, self.done + len(self.running) + len(self.failed))

    def finish(self, number: int) -> None:
        """Take a job that is done."""
        self.failed.pop(number, None)
        job = self.running.pop(number, None)
        self.done += 1
        if job is not None:
            self.left[job.rule] -= 1
            self.seconds[job.rule].append(self.clock() - job.began)

    def fail(self, number: int, job: Job, reason: str) -> None:
        """Take a job that failed."""
        self.running.pop(number, None)
        self.failed[number] = Failure(job, reason)

    def due(self) -> bool:
        """Tell whether it is time for a line."""
        now = self.clock()
        return now - self.told >= max(PAUSE, PAUSE_SHARE * (now - self.began))

    def line(self) -> str:
        """Say how far the run is, in one line."""
        told = [f"{count(self.done)} of {counted(self.total, 'job')} done"]
        if self.failed:
            told.append(f"{count(len(self.failed))} failed")
        told.append(f"{duration(self.clock() - self.began)} so far")
        rest = self.rest()
        if rest:
            told.append(rest)
        now = running(list(self.running.values()))
        self.told, self.most = self.clock(), max(1, len(self.running))
        return f"{', '.join(told)}{f'; now {now}' if now else ''}"

    def rest(self) -> str:
        """Say how long it may take yet; nothing where too little of what is left has been timed."""
        failed = Counter(failure.job.rule for failure in self.failed.values())
        left = {
            rule: number - failed[rule] - self.lost[rule]
            for rule, number in self.left.items()
            if number > failed[rule] + self.lost[rule]
        }
        timed = {rule: number for rule, number in left.items() if self.seconds[rule]}
        untimed = sum(left.values()) - sum(timed.values())
        if not timed or untimed > (1 - TIMED_SHARE) * sum(left.values()):
            return ""
        mean = {rule: sum(self.seconds[rule]) / len(self.seconds[rule]) for rule in timed}
        work = sum(number * mean[rule] for rule, number in timed.items())
        # Running jobs have done a part of theirs.
        work -= sum(
            min(self.clock() - job.began, mean[job.rule])
            for job in self.running.values()
            if job.rule in timed
        )
        side_by_side = max(1, min(self.most, sum(timed.values())))
        without = f" without {counted(untimed, 'job')} not timed yet" if untimed else ""
        return f"about {roughly(work / side_by_side)} left{without}"


class Terminal(logging.Handler):
    """Follows a run by the events that Snakemake logs, and says at its end how it ended."""

    def __init__(
        self,
        workflow: "Workflow",
        *,
        quiet: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(logging.INFO)
        self.workflow, self.quiet = workflow, quiet
        self.course = Course(clock)
        # Errors that no job has taken as its own, by the thread that logged them: Snakemake tells
        # an error first and then, in the same thread, the job that it ended.
        self.errors: dict[int | None, str] = {}
        self.under_way = self.up_to_date = self.broken = False
        # Whether more has failed since it was looked up what waits for that.
        self.stale = False
        self.stopped = ""
        self.over = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        """Take what Snakemake logs."""
        try:
            self.take(record)
        except Exception:
            self.handleError(record)

    def take(self, record: Any) -> None:
        """Follow the run by one record; what its event tells are its attributes."""
        course = self.course
        match getattr(record, "event", None):
            case LogEvent.RUN_INFO if not self.workflow.touch:
                course.begin(record.stats)
                self.under_way = True
                if not self.quiet:
                    threading.Thread(target=self.now_and_then, daemon=True).start()
            case LogEvent.JOB_INFO:
                course.start(record.jobid, record.rule_name, record.wildcards, record.log)
            case LogEvent.JOB_FINISHED:
                course.finish(record.job_id)
                if course.done == 1:
                    self.tell()
            case LogEvent.JOB_ERROR:
                known = course.running.get(record.jobid)
                job = known or Job(record.rule_name, {}, record.log)
                error = self.errors.pop(record.thread, "")
                said = " ".join(filter(None, [record.rule_msg, error]))
                if interrupted(said):
                    course.running.pop(record.jobid, None)
                else:
                    course.fail(record.jobid, job, reason(record.log, said))
                    self.stale = True
            case LogEvent.ERROR if FAILED in record.getMessage():
                self.broken = True
            case LogEvent.ERROR:
                self.errors[record.thread] = record.getMessage()
            case None:
                self.take_words(record.getMessage())

    def take_words(self, words: str) -> None:
        """Follow the run by what has no event."""
        if words.startswith(NOTHING):
            self.up_to_date = True
        elif words.startswith(STOPPED):
            self.stopped = "stopped by you (Ctrl-C)"
        elif words.startswith(TOLD_TO_END):
            self.stopped = "told to end (signal 15), so no new job was begun"

    def now_and_then(self) -> None:
        """Print a line whenever one is due, until the run is over."""
        while not self.over.wait(1):
            self.acquire()
            try:
                if self.course.due() and not self.over.is_set():
                    self.tell()
            finally:
                self.release()

    def tell(self) -> None:
        """Print a line that says how far the run is."""
        if not self.quiet and self.under_way:
            if self.stale:
                self.course.lost = Counter(job.rule.name for job in self.unreachable())
                self.stale = False
            say([f"signpaths: {self.course.line()}"])

    def close(self) -> None:
        """Say how the run ended: Snakemake closes its handlers when all else has been said."""
        if not self.over.is_set():
            self.over.set()
            try:
                say(self.end())
            except Exception:
                # What is said last must not hide how Snakemake ends.
                logging.Handler.handleError(self, logging.makeLogRecord({}))
        super().close()

    def end(self) -> list[str]:
        """Give the last lines."""
        course = self.course
        if self.up_to_date and not self.workflow.touch:
            return self.results()
        if not self.under_way:
            # It ended before any job: Snakemake's own last lines say why.
            return []
        # Snakemake tells no job that is done where it is to be quiet about progress.
        course.done = self.workflow.scheduler.finished_jobs
        if not (course.failed or self.errors or self.stopped or self.broken):
            took = duration(course.clock() - course.began)
            return [
                "",
                f"signpaths: {counted(course.done, 'job')} done in {took}.",
                *self.results(),
            ]
        others = [essence(error) for error in self.errors.values()]
        waiting = len(self.unreachable())
        return ["", *last_lines(course, others, self.stopped, waiting)]

    def unreachable(self) -> list[Any]:
        """Give the jobs that cannot run because one before them failed."""
        dag = self.workflow.dag
        failed = [job for job in dag.needrun_jobs() if dag.jobid(job) in self.course.failed]
        after = [job for job in dag.bfs(dag.depending, *failed) if dag.needrun(job)]
        return [job for job in after if job not in failed]

    def results(self) -> list[str]:
        """Say where the study's report is and what it found, if the run was to make one."""
        here = str(Path(__file__).parent / "rules" / "report.smk")
        reports = [
            Path(file)
            for job in self.workflow.dag.jobs
            if str(job.rule.snakefile) == here
            for file in job.output
            if Path(file).name == "report.html" and Path(file).exists()
        ]
        return [line for report in reports for line in (f"report: {report}", *found(report.parent))]


def last_lines(
    course: Course, others: Sequence[str], stopped: str = "", waiting: int = 0
) -> list[str]:
    """Say how a run ended that did not come to its end, and how to go on.

    Parameters
    ----------
    course
        How far it came.
    others
        What went wrong beside the jobs that failed.
    stopped
        How it was stopped; nothing where nobody stopped it.
    waiting
        How many jobs wait for one that failed.
    """
    failed = list(course.failed.values())
    counts = [f"{counted(len(failed), 'job')} failed"] if failed else []
    counts += [f"{count(waiting)} not run because of that"] if waiting else []
    counts += [f"{count(course.done)} of {count(course.total)} done"]
    head = stopped or ("" if failed else "the run broke off")
    lines = [f"signpaths: {'; '.join(filter(None, [head, ', '.join(counts)]))}"]
    kinds = alike(failed)
    for first, *more in kinds[:SHOWN]:
        lines += ["", names([failure.job.name for failure in (first, *more)])]
        lines += [f"  {line}" for line in first.reason.splitlines()[:LINES]]
        lines += [f"  log: {log}" for log in first.job.logs]
    if len(kinds) > SHOWN:
        rest = sum(len(kind) for kind in kinds[SHOWN:])
        lines += ["", f"and {counted(rest, 'other job')}, shown above"]
    for other in others:
        lines += ["", *(f"  {line}" for line in other.splitlines()[:LINES])]
    once = "Once that is mended, run" if failed or others else "Run"
    return [*lines, "", f"{once} the same command again: what is finished is kept."]


def alike(failures: Iterable[Failure]) -> list[list[Failure]]:
    """Put failures of one rule together whose reasons differ in numbers only."""
    kinds: dict[tuple[str, str], list[Failure]] = {}
    for failure in failures:
        key = failure.job.rule, re.sub(r"\d+", "#", failure.reason)
        kinds.setdefault(key, []).append(failure)
    return list(kinds.values())


def reason(logs: Iterable[str], said: str) -> str:
    """Say why a job failed: in its own last words, by how it ended, or by what Snakemake said.

    Parameters
    ----------
    logs
        The job's log, and a batch system's.
    said
        What Snakemake or a batch system said of it.
    """
    texts = [tail(log) for log in logs]
    words = [found[-1] for text in texts if (found := messages(text))]
    if words:
        return words[0]
    number = signal_number(said) or next(filter(None, map(signal_number, texts)), None)
    if number is not None:
        return signal_words(number)
    full = [log for log in logs if no_room(log)]
    if status(said) == REFUSED or full:
        return "the disk is full, or cannot be written, so its log says nothing. Make room."
    unwritten = [log for log in logs if not Path(log).exists()]
    if unwritten and status(said) is not None:
        return f"it could not begin: its log {unwritten[0]} cannot be written there."
    last = next((line for text in texts for line in reversed(text.splitlines()) if line), "")
    if last:
        return f"its log ends in: {last.strip()}"
    return essence(said) or "it left no message."


def messages(log: str) -> list[str]:
    """Give what stages said as they ended, without their names."""
    return [
        found[1].strip()
        for part in re.split(r"^(?=signpaths [\w-]+: )", log, flags=re.MULTILINE)
        if (found := MESSAGE.match(part))
    ]


def status(said: str) -> int | None:
    """Give the exit status that Snakemake names."""
    found = STATUS.search(said)
    return int(found[1]) if found else None


def signal_number(said: str) -> int | None:
    """Give the signal that ended a command, by itself or, as the shell counts it, above 128."""
    found = SIGNAL.search(said)
    if found:
        return int(found[1] or found[2])
    code = status(said) or 0
    return code - 128 if 128 < code < 192 else None


def interrupted(said: str) -> bool:
    """Tell whether a job ended because the person stopped the run."""
    return signal_number(said) == signal.SIGINT or status(said) == INTERRUPTED


def signal_words(number: int) -> str:
    """Say what it means that a signal ended a job, and what to do."""
    if number == signal.SIGKILL:
        return (
            "it was killed (signal 9). Often the memory was used up: run fewer jobs at once "
            "(--cores 1), or give them more."
        )
    if number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE):
        return (
            f"it crashed (signal {number}), in a library that it uses or for want of memory. Run "
            "again; if it comes back, please report it with this log."
        )
    return f"it was ended (signal {number}) from outside."


def essence(error: str) -> str:
    """Give what an error of Snakemake's says, without the places it came from."""
    lines = [line.rstrip() for line in error.splitlines() if line.strip()]
    if any(line.startswith("Traceback (most recent call last)") for line in lines):
        return lines[-1]
    said = [line for line in lines if not PLACE.match(line)]
    return "\n".join(said[1:] if len(said) > 1 and HEAD.match(said[0]) else said)


def tail(log: str) -> str:
    """Read a log's last lines; nothing where there are none."""
    try:
        with Path(log).open("rb") as handle:
            handle.seek(0, 2)
            handle.seek(max(0, handle.tell() - TAIL))
            return handle.read().decode(errors="replace")
    except OSError:
        return ""


def no_room(log: str) -> bool:
    """Tell whether the disk of a log is full."""
    try:
        return disk_usage(Path(log).parent).free < TAIL
    except OSError:
        return False


def running(jobs: Sequence[Job]) -> str:
    """Name the jobs that run, with the epoch of those that train."""
    named = []
    for job in jobs[:NAMED]:
        epochs = EPOCH.findall(tail(job.logs[0])) if job.logs else []
        at = " at epoch {} of {}".format(*epochs[-1]) if epochs else ""
        named.append(f"{job.name}{at}")
    return names([*named, *(job.name for job in jobs[NAMED:])])


def names(jobs: Sequence[str]) -> str:
    """List jobs, the first few by name."""
    more = len(jobs) - NAMED
    return ", ".join([*jobs[:NAMED], *([f"{count(more)} more"] if more > 0 else [])])


def duration(seconds: float) -> str:
    """Show a time: 40 s, 2 min 10 s, 1 h 5 min."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def roughly(seconds: float) -> str:
    """Show a time as well as it can be foretold: 40 s, 12 min, 1 h 40 min."""
    step = 10 if seconds < 100 else 60 if seconds < 3600 else 600
    shown = max(step, step * round(seconds / step))
    return duration(shown).removesuffix(" 0 s").removesuffix(" 0 min")


def found(study: Path) -> list[str]:
    """Give what a study found, by the command that says it, or why it cannot say it."""
    done = subprocess.run(
        [sys.executable, "-m", "signpaths", "findings", str(study)],
        capture_output=True,
        text=True,
        check=False,
    )
    return (done.stdout if done.returncode == 0 else done.stderr).splitlines()


def say(lines: Sequence[str]) -> None:
    """Print to the terminal, above a progress bar that stands there."""
    if lines:
        print("\n".join(lines), file=sys.stderr, flush=True)
