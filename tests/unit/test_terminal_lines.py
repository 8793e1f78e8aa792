"""How far a run is and why a job failed, in words; by a clock that the test turns."""

from itertools import pairwise
from pathlib import Path

import pytest
from terminal import Course, Job, duration, essence, last_lines, reason, roughly


class Clock:
    """A clock that stands until it is turned."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def course(clock: Clock, jobs: dict[str, int]) -> Course:
    run = Course(clock)
    run.begin({**jobs, "total": sum(jobs.values())})
    return run


def test_a_line_says_what_is_done_what_runs_and_how_long_it_has_taken(clock: Clock) -> None:
    run = course(clock, {"tsd": 1, "lstm": 3})
    run.start(0, "tsd", {}, [])
    clock.now += 40
    run.finish(0)
    run.start(1, "lstm", {"network": "0"}, [])
    run.start(2, "lstm", {"network": "1"}, [])
    clock.now += 90
    assert run.line() == (
        "1 of 4 jobs done, 2 min 10 s so far; now lstm (network 0), lstm (network 1)"
    )


def test_many_running_jobs_are_counted(clock: Clock) -> None:
    run = course(clock, {"lstm": 9})
    for number in range(9):
        run.start(number, "lstm", {"network": str(number)}, [])
    assert run.line().endswith("now lstm (network 0), lstm (network 1), lstm (network 2), 6 more")


def test_time_left_is_that_of_the_jobs_of_each_rule_side_by_side(clock: Clock) -> None:
    run = course(clock, {"lstm": 10, "paths": 10})
    # Two at once: an lstm takes 100 s, the paths of a network 10 s.
    for number in (0, 1):
        run.start(number, "lstm", {}, [])
    clock.now += 100
    for number in (0, 1):
        run.finish(number)
    # 8 of 18 jobs left have been timed, too few to name a time.
    assert "left" not in run.line()
    for number in (2, 3):
        run.start(number, "paths", {}, [])
    clock.now += 10
    for number in (2, 3):
        run.finish(number)
    # 8 x 100 s + 8 x 10 s, two at once.
    assert "about 7 min left" in run.line()
    for number in (4, 5):
        run.start(number, "lstm", {}, [])
    clock.now += 60
    # Both have done 60 s of their 100 s.
    assert run.rest() == "about 6 min left"
    clock.now += 1000
    # One that takes longer than the others did has nothing left, not less.
    assert run.rest() == "about 6 min left"


def test_kinds_that_no_job_was_timed_of_are_left_out_by_name_of_their_number(clock: Clock) -> None:
    run = course(clock, {"lstm": 5, "report": 1, "film": 1})
    run.start(0, "lstm", {}, [])
    clock.now += 30
    run.finish(0)
    assert run.rest() == "about 2 min left without 2 jobs not timed yet"
    for number in (1, 2, 3):
        run.start(number, "lstm", {}, [])
        clock.now += 30
        run.finish(number)
    # One timed job of three says too little.
    assert run.rest() == ""


def test_jobs_that_failed_or_wait_for_one_that_failed_are_not_left(clock: Clock) -> None:
    run = course(clock, {"lstm": 4, "paths": 4})
    for number in (0, 1):
        run.start(number, "lstm", {}, [])
        clock.now += 50
        run.finish(number)
    run.start(2, "lstm", {"network": "2"}, [])
    run.fail(2, run.running[2], "diverged")
    run.lost.update({"paths": 4})
    assert run.line() == "2 of 8 jobs done, 1 failed, 1 min 40 s so far, about 50 s left"
    # It is begun again, so it has not failed.
    run.start(2, "lstm", {"network": "2"}, [])
    assert "failed" not in run.line()


def test_lines_come_every_half_minute_and_in_a_long_run_less_often(clock: Clock) -> None:
    run = course(clock, {"lstm": 10_000})
    told = []
    for second in range(10 * 3600):
        clock.now += 1
        if run.due():
            run.line()
            told.append(second)
    assert told[:3] == [29, 59, 89]
    assert 60 < len(told) < 150
    # Never a longer silence than a twentieth of what has passed.
    assert all(b - a <= max(31, b / 19) for a, b in pairwise(told))


def test_a_training_names_its_epoch(clock: Clock, tmp_path: Path) -> None:
    log = tmp_path / "0.log"
    log.write_text("epoch 1/60  loss 1\nepoch 12/60  loss 0.5  7 s left\n")
    run = course(clock, {"lstm": 1})
    run.start(0, "lstm", {"network": "0"}, [str(log)])
    assert run.line().endswith("; now lstm (network 0) at epoch 12 of 60")


def test_a_job_is_named_in_the_studys_words() -> None:
    wildcards = {"network": "3", "dims": "2", "ae_seed": "0"}
    assert Job("autoencoder", wildcards, []).name == "autoencoder (network 3, 2 dimensions, seed 0)"
    assert Job("film", {"run": "best", "map": "ae"}, []).name == "film (network best, map ae)"
    assert Job("other", {"sample": "a"}, []).name == "other (sample a)"
    assert Job("all", {}, []).name == "all"


def test_the_reason_is_the_last_message_of_a_stage(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("signpaths lstm: first\nepoch\nsignpaths closeness-raw: second\n  more\n")
    assert reason([str(log)], "returned non-zero exit status 1.") == "second\n  more"
    # A batch system's log tells how the command in it ended.
    log.write_text("x\n")
    batch = tmp_path / "slurm.log"
    batch.write_text("Command 'x' died with <Signals.SIGKILL: 9>.\n")
    assert reason([str(log), str(batch)], "").startswith("it was killed (signal 9)")
    log.write_text("Traceback\nKeyError: 'a'\n\n")
    assert reason([str(log)], "returned non-zero exit status 1.") == (
        "its log ends in: KeyError: 'a'"
    )
    log.write_text("")
    said = "SLURM-job '7' failed, SLURM status is: 'TIMEOUT'."
    assert reason([str(log)], said) == said
    assert reason([str(log)], "") == "it left no message."


def test_an_error_of_snakemake_is_told_without_its_places() -> None:
    error = (
        'MissingOutputException in rule lstm in file "/x/Snakefile", line 3:\n'
        "Job 2 completed successfully, but some output files are missing: a\n"
        '  File "/x/Snakefile", line 3, in <module>'
    )
    assert essence(error) == "Job 2 completed successfully, but some output files are missing: a"
    assert essence("Traceback (most recent call last):\n  x\nOSError: full\n") == "OSError: full"


def test_a_long_list_of_failures_is_cut(clock: Clock) -> None:
    run = course(clock, {f"rule{number}": 1 for number in "abcdefg"})
    for number, name in enumerate("abcdefg"):
        run.fail(number, Job(name, {}, [f"{name}.log"]), "\n".join(map(str, range(40))))
    lines = last_lines(run, [])
    assert lines[0] == "signpaths: 7 jobs failed, 0 of 7 done"
    assert "and 2 other jobs, shown above" in lines
    assert len(lines) < 90


@pytest.mark.parametrize(
    ("seconds", "exact", "rough"),
    [
        (3, "3 s", "10 s"),
        (59.6, "1 min 0 s", "1 min"),
        (95, "1 min 35 s", "1 min 40 s"),
        (754, "12 min 34 s", "13 min"),
        (3599, "59 min 59 s", "1 h"),
        (5000, "1 h 23 min", "1 h 20 min"),
    ],
)
def test_times_are_written_for_people(seconds: float, exact: str, rough: str) -> None:
    assert duration(seconds) == exact
    assert roughly(seconds) == rough
