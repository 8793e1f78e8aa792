"""A job ends with the process that it belongs to.

Takes the number of that process from the environment. A job whose workflow was killed would go on
for minutes and then write over what the next run has made, perhaps by another config.
"""

import os
import select
import signal
import threading
import time

PARENT = "SIGNPATHS_PARENT"
WAIT = 1.0  # seconds between looks, where the system cannot wait for a process


def end_with_parent() -> None:
    """End this process (SIGTERM) as soon as the process named in the environment has ended."""
    parent = os.environ.get(PARENT, "")
    if parent.isdecimal():
        threading.Thread(target=_follow, args=(int(parent),), daemon=True).start()


def _follow(parent: int) -> None:
    _wait(parent)
    os.kill(os.getpid(), signal.SIGTERM)


def _wait(process: int) -> None:
    try:
        handle = os.pidfd_open(process)
    except ProcessLookupError:
        return
    except (AttributeError, OSError):
        while _lives(process):
            time.sleep(WAIT)
        return
    select.select([handle], [], [])


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
