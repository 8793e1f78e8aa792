"""What a run says at the terminal: last lines for every kind of failure, nothing when quiet.

Most of these runs are of a few shell rules that behave as stages do, beside the workflow's own
module; the last ones are of the workflow itself.
"""

import os
import re
import signal
import sys
import time
from pathlib import Path

import pytest
from running import CHECKOUT, begun, changed, checkout_copy, run, snakemake

SNAKEFILE = f"""
import sys

sys.path.insert(0, "{CHECKOUT / "workflow"}")
from terminal import watch

watch(workflow)


rule all:
    input:
        "out/after.txt",
        "out/other.txt",


rule lstm:
    output:
        "out/{{network}}.txt",
    log:
        "logs/{{network}}.log",
    shell:
        {{lstm!r}}


rule after:
    input:
        expand("out/{{network}}.txt", network=range({{networks}})),
    output:
        "out/after.txt",
    log:
        "logs/after.log",
    shell:
        "cat {{input}} > {{output}}"


rule other:
    output:
        "out/other.txt",
    log:
        "logs/other.log",
    shell:
        "touch {{output}}"
"""
MENDED = "Once that is mended, run the same command again: what is finished is kept."
PYTHON = f"{sys.executable} -c"


def study(folder: Path, lstm: str, networks: int = 1) -> Path:
    """Write a workflow whose rule `lstm` runs this, for as many networks."""
    text = SNAKEFILE.replace("{lstm!r}", repr(lstm)).replace("{networks}", str(networks))
    (folder / "Snakefile").write_text(text.replace("{{", "{").replace("}}", "}"))
    return folder


def last_lines(output: str) -> list[str]:
    """Give what this workflow says last, down to the very end of the output."""
    lines = output.rstrip().splitlines()
    begins = [i for i, line in enumerate(lines) if line.startswith("signpaths: ")]
    assert begins, output
    return lines[begins[-1] :]


def failed(folder: Path, lstm: str, *arguments: str) -> list[str]:
    """Run a workflow whose rule `lstm` fails; the lines it ends in."""
    code, output = run(study(folder, lstm), "--keep-going", *arguments)
    assert code == 1, output
    return last_lines(output)


def ending(reason: str) -> list[str]:
    head = "signpaths: 1 job failed, 2 not run because of that, 1 of 4 done"
    return [head, "", "lstm (network 0)", f"  {reason}", "  log: logs/0.log", "", MENDED]


@pytest.mark.parametrize("logger", ["rich", None])
def test_what_a_stage_says_as_it_ends_is_the_last_that_is_seen(
    tmp_path: Path, logger: str | None
) -> None:
    says = "echo epoch 1; echo 'signpaths lstm: the split is empty. Set split.train.'"
    options = ["--logger", logger] if logger else []
    found = failed(tmp_path, f"({says}; exit 1) > {{log}}", *options)
    assert found == ending("the split is empty. Set split.train.")


def test_all_lines_of_a_reason_are_told(tmp_path: Path) -> None:
    says = "printf 'warning\\nsignpaths lstm: first fault\\n  - b\\nsecond fault\\n' > {log}"
    found = failed(tmp_path, f"{says}; exit 1")
    assert found[3:7] == ["  first fault", "    - b", "  second fault", "  log: logs/0.log"]


KILLED = (
    "it was killed (signal 9). Often the memory was used up: run fewer jobs at once (--cores 1), "
    "or give them more."
)
CRASHED = (
    "it crashed (signal 11), in a library that it uses or for want of memory. Run again; if it "
    "comes back, please report it with this log."
)
FULL = "the disk is full, or cannot be written, so its log says nothing. Make room."


# Each of the networks ends in its own way, without a word in its log.
WAYS = {
    # The command of a job is killed, or the shell around it.
    f"{PYTHON} 'import os; os.kill(os.getpid(), 9)' > {{log}}; exit $?": KILLED,
    "echo epoch 1 of 10 > {log}; kill -11 $$": CRASHED,
    # A log on a full disk is empty; the status of a stage says it.
    "> {log}; exit 74": FULL,
    "no-such-program 2> {log}": "its log ends in: ",
    "rm -rf {log}; echo > nowhere/{log}": (
        "it could not begin: its log logs/4.log cannot be written there."
    ),
}


def test_jobs_that_could_not_say_why_they_ended_are_explained(tmp_path: Path) -> None:
    ways = "\n".join(f"{number}) {way};;" for number, way in enumerate(WAYS))
    study(tmp_path, f"case {{wildcards.network}} in\n{ways}\nesac", networks=len(WAYS))
    code, output = run(tmp_path, "--keep-going")
    assert code == 1
    told = "\n".join(last_lines(output))
    for number, why in enumerate(WAYS.values()):
        found = re.search(
            rf"^lstm \(network {number}\)\n  (.*)\n  log: logs/{number}.log$", told, re.MULTILINE
        )
        assert found, told
        assert found[1].startswith(why)


def test_what_snakemake_itself_finds_wrong_is_told_without_its_places(tmp_path: Path) -> None:
    found = failed(tmp_path, "true", "--latency-wait", "0")
    assert found[0] == "signpaths: the run broke off; 1 of 4 done"
    assert "out/0.txt" in "\n".join(found)
    assert not any("File " in line for line in found)
    assert found[-1] == MENDED


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "logs").touch()
    found = failed(tmp_path, "true")
    assert found[0] == "signpaths: the run broke off; 0 of 4 done"
    assert "logs" in found[2]
    assert found[-1] == MENDED


def test_jobs_that_fail_alike_are_told_once(tmp_path: Path) -> None:
    says = "echo 'signpaths lstm: network {wildcards.network} diverged' > {log}; exit 1"
    code, output = run(study(tmp_path, says, networks=5), "--keep-going")
    assert code == 1
    found = last_lines(output)
    assert found[0] == "signpaths: 5 jobs failed, 2 not run because of that, 1 of 8 done"
    assert found[2].startswith("lstm (network ")
    assert found[2].endswith(", 2 more")
    assert len(found) == 7


def test_a_job_that_ended_well_at_its_second_try_is_no_failure(tmp_path: Path) -> None:
    code, output = run(
        study(tmp_path, "if ! test -e tried; then touch tried; exit 1; fi; touch {output}"),
        *("--retries", "1"),
    )
    assert code == 0, output
    assert last_lines(output)[0].startswith("signpaths: 4 jobs done in ")
    assert "failed," not in last_lines(output)[0]


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (signal.SIGINT, "stopped by you (Ctrl-C); "),
        (signal.SIGTERM, "told to end (signal 15), so no new job was begun; "),
    ],
)
def test_a_run_that_was_stopped_says_how_to_go_on(tmp_path: Path, number: int, told: str) -> None:
    # Ctrl-C reaches the job, too; it runs until then. Whom the system tells to end lets it finish.
    waits = "touch begun; while ! test -e enough; do sleep 0.1; done; touch {output}"
    study(tmp_path, waits)
    targets = ("out/after.txt", "out/other.txt")
    process = begun(tmp_path, ["-m", "snakemake", "--cores", "1", *targets])
    while not (tmp_path / "begun").exists() and process.poll() is None:
        time.sleep(0.05)
    if number == signal.SIGINT:
        os.killpg(process.pid, number)
    else:
        os.kill(process.pid, number)
        (tmp_path / "enough").touch()
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 1
    found = last_lines(output)
    assert re.fullmatch(rf"signpaths: {re.escape(told)}[012] of 3 done", found[0])
    assert not (tmp_path / "out/after.txt").exists()
    assert found[-1] == "Run the same command again: what is finished is kept."


@pytest.mark.parametrize(
    "arguments",
    [
        ["--dry-run"],
        ["--lint"],
        ["--touch"],
        ["--quiet", "all"],
    ],
)
def test_quiet_work_is_quiet(tmp_path: Path, arguments: list[str]) -> None:
    study(tmp_path, "touch {output}")
    (tmp_path / "out").mkdir()
    for name in ("0", "after", "other"):
        (tmp_path / f"out/{name}.txt").touch()
    _, output = run(tmp_path, *arguments, "--forceall" if arguments != ["--lint"] else "--quiet")
    assert "signpaths:" not in output
    assert "report:" not in output


def test_a_run_that_is_quiet_about_progress_says_only_how_it_ended(tmp_path: Path) -> None:
    code, output = run(study(tmp_path, "touch {output}"), "--quiet", "progress")
    assert code == 0
    assert output.count("signpaths: ") == 1
    assert last_lines(output)[0].startswith("signpaths: 4 jobs done in ")


def test_only_the_run_itself_speaks_not_the_jobs_that_it_starts(tmp_path: Path) -> None:
    study(tmp_path, "touch {output}")
    text = (tmp_path / "Snakefile").read_text()
    # Snakemake runs such a rule by another Snakemake.
    (tmp_path / "Snakefile").write_text(
        text.replace('"touch out/other.txt"', "").replace(
            '    shell:\n        "touch {output}"\n',
            "    run:\n        open(output[0], 'w').close()\n",
        )
    )
    assert "run:" in (tmp_path / "Snakefile").read_text()
    code, output = run(tmp_path)
    assert code == 0, output
    told = [line for line in output.splitlines() if line.startswith("signpaths: ")]
    assert [line.split(",")[0].split(" in ")[0] for line in told] == [
        "signpaths: 1 of 4 jobs done",
        "signpaths: 4 jobs done",
    ]


def test_a_config_error_is_the_last_that_is_seen(tmp_path: Path) -> None:
    folder = checkout_copy(tmp_path)
    code, output = snakemake(folder, changed(lstm={"unitz": 3}))
    assert code == 1
    assert output.rstrip().splitlines()[-3:] == [
        "the config has a problem:",
        "  - lstm.unitz is no config key; did you mean lstm.units?",
        "Every key is described in config/README.md.",
    ]


def test_a_misspelt_sign_is_the_last_that_is_seen(tmp_path: Path) -> None:
    folder = checkout_copy(tmp_path)
    overlay = changed(figures={"signs": [["anchor", "coper"]]})
    code, output = snakemake(folder, overlay, "--until", "named_signs")
    assert code == 1
    assert last_lines(output) == [
        "signpaths: 1 job failed, 3 of 4 done",
        "",
        "named_signs",
        "  figures.signs: the study has no sign coper. Did you mean copper?",
        "  log: logs/micro/named_signs.log",
        "",
        MENDED,
    ]
