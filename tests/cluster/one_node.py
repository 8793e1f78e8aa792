"""A SLURM of one node, for tests: its daemons are children of this process and end with it.

Everything that it needs (configuration, key, sockets, state) lies in a folder of its own and it
listens on ports of its own, so it meets no other SLURM of the machine. It needs no root.
"""

import contextlib
import getpass
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

NEEDED = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel", "sinfo")
INSTALL = "apt-get install -y slurm-wlm munge"
# Daemons lie where the PATH of an ordinary user does not look.
SEARCHED = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
SECONDS_TO_START = 60
SECONDS_TO_STOP = 20
# More than a small machine has: jobs are to run, not to queue.
CPUS, MEMORY_MB = 4, 64_000

CONFIGURATION = """\
ClusterName=signpaths
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
# No database, no control groups: as a container has it.
AccountingStorageType=accounting_storage/none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
# Memory is looked at each second; a job that holds more than it asked for is ended.
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill,NoShared
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
ReturnToService=2
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
# Jobs start at once, and one that has ended is told of to the end of the test.
SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=0,bf_interval=1
MinJobAge=3600
KillWait=2
SlurmdParameters=config_overrides
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} State=UNKNOWN
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def missing() -> list[str]:
    """Say which of SLURM's programs this machine lacks."""
    return [program for program in NEEDED if _found(program) is None]


class OneNode:
    """A running SLURM, as a context; its commands find it by `environment`.

    Parameters
    ----------
    folder
        An empty folder with a short path: a socket's has at most 107 characters.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # Without what leads to another cluster, or says that this runs in a job of one.
        others = ("SLURM", "SBATCH", "SRUN", "SQUEUE", "SCANCEL", "SINFO")
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith(others)
        }
        self._mark = ("SLURM_CONF", str(folder / "slurm.conf"))
        self.environment.update([("PATH", f"{folder}/bin{os.pathsep}{SEARCHED}"), self._mark])
        self._daemons: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        # Ends what is left when this process is killed: its end of the pipe closes then.
        self._undertaker = subprocess.Popen(
            [sys.executable, __file__, "=".join(self._mark)], stdin=subprocess.PIPE
        )
        try:
            self._configure()
            # A socket in a folder that others cannot enter is refused unless forced.
            files = ("socket", "key-file", "pid-file", "log-file", "seed-file")
            options = [f"--{name}={self.folder}/munge.{name.split('-')[0]}" for name in files]
            self._start("munged", "--foreground", "--force", "--num-threads=1", *options)
            self._wait((self.folder / "munge.socket").exists)
            self._start("slurmctld", "-D", "-c")
            self._start("slurmd", "-D")
            self._wait(lambda: self._states() == {"idle"})
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def told(self, *command: str) -> str:
        """Run a command of SLURM's and give what it said."""
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=True, timeout=60
        )
        return done.stdout.strip()

    def processes(self) -> dict[int, str]:
        """Give the processes that this SLURM or its jobs started, with their command."""
        return _processes("=".join(self._mark))

    def _configure(self) -> None:
        for name in ("bin", "state", "spool"):
            (self.folder / name).mkdir()
        # The plugin takes SLURM_CONF away from the step that it starts inside a job.
        step = self.folder / "bin/srun"
        step.write_text(f'#!/bin/sh\n{"=".join(self._mark)} exec {_found("srun")} "$@"\n')
        step.chmod(0o755)
        key = self.folder / "munge.key"
        key.touch(mode=0o600)
        key.write_bytes(secrets.token_bytes(128))
        controller_port, node_port = _free_ports(2)
        text = CONFIGURATION.format(
            host=socket.gethostname().split(".")[0],
            user=getpass.getuser(),
            folder=self.folder,
            controller_port=controller_port,
            node_port=node_port,
            cpus=CPUS,
            memory=MEMORY_MB,
        )
        Path(self._mark[1]).write_text(text)

    def _start(self, program: str, *arguments: str) -> None:
        with (self.folder / f"{program}.out").open("wb") as said:
            daemon = subprocess.Popen(
                [str(_found(program)), *arguments],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
            )
        self._daemons.append(daemon)

    def _states(self) -> set[str]:
        try:
            return set(self.told("sinfo", "--noheader", "--format=%T").split())
        except subprocess.CalledProcessError:
            return set()

    def _wait(self, is_ready: Callable[[], bool]) -> None:
        end = time.monotonic() + SECONDS_TO_START
        while not is_ready():
            ended = [daemon for daemon in self._daemons if daemon.poll() is not None]
            if ended or time.monotonic() > end:
                files = sorted([*self.folder.glob("*.out"), *self.folder.glob("*.log")])
                said = "\n".join(f"{path.name}:\n{path.read_text()}" for path in files)
                raise RuntimeError(f"SLURM does not start.\n{said}")
            time.sleep(0.1)

    def _stop(self) -> None:
        """End jobs, then daemons, then what of either is still there."""
        if len(self._daemons) == 3 and all(daemon.poll() is None for daemon in self._daemons):
            with contextlib.suppress(subprocess.SubprocessError):
                self.told("scancel", "--signal=KILL", f"--user={getpass.getuser()}")
                self.told("scancel", f"--user={getpass.getuser()}")
        for daemon in reversed(self._daemons):
            daemon.terminate()
            try:
                daemon.wait(SECONDS_TO_STOP)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        self._undertaker.communicate()


def _processes(mark: str) -> dict[int, str]:
    """Give the processes in whose environment something stands, with their command."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        # It may end while it is looked at, or be another user's.
        with contextlib.suppress(OSError):
            if mark.encode() in (folder / "environ").read_bytes().split(b"\0"):
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
                found[int(folder.name)] = command.decode(errors="replace")
    return found


def _end(mark: str) -> None:
    end = time.monotonic() + SECONDS_TO_STOP
    while (left := _processes(mark)) and time.monotonic() < end:
        for process in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        time.sleep(0.1)


def _found(program: str) -> str | None:
    return shutil.which(program, path=SEARCHED)


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


if __name__ == "__main__":
    sys.stdin.read()
    _end(sys.argv[1])
