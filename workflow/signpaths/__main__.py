"""The command line: one command a stage, `python -m signpaths <stage> …`.

Each stage is a typed function; cyclopts reads its signature and docstring, and its options from
their models. The modules are imported only when their command runs, so `--help` is quick and
TensorFlow stays out of it.
"""

import os
import signal
import sys
import traceback
from contextlib import suppress
from types import FrameType
from typing import NoReturn

from signpaths.imports import quick_imports

with quick_imports():
    from cyclopts import App, CycloptsError
    from pydantic import ValidationError

    from signpaths import __version__
    from signpaths.endings import CLOSED_PIPE, MISUSED, Ended, ending
    from signpaths.faults import option_faults
    from signpaths.orphans import end_with_parent
    from signpaths.stages import STAGES

app = App(
    name="signpaths",
    version=__version__,
    help="Which pairs of classes are close in what a recurrent network learns, and stay close?",
)
for stage in STAGES:
    app.command(f"signpaths.{stage.module}:{stage.rule}", name=stage.name, help=stage.summary)


def main() -> None:
    """Run a command; whatever ends it early is told in a few words in the last line."""
    signal.signal(signal.SIGTERM, _end)
    end_with_parent()
    try:
        # To read the arguments imports the stage.
        with quick_imports():
            command, given, _ = app.parse_args(exit_on_error=False, print_error=False)
        command(*given.args, **given.kwargs)
        sys.stdout.flush()
    except CycloptsError as error:
        cause = error.__cause__
        faults = option_faults(cause) if isinstance(cause, ValidationError) else []
        fail("\n".join(faults) or str(error), MISUSED)
    except BrokenPipeError:
        # Nobody reads on, as after `| head`, which is no fault to tell of.
        leave(CLOSED_PIPE)
    except (Exception, KeyboardInterrupt) as error:
        how = ending(error)
        if how.unexpected:
            with suppress(OSError):
                traceback.print_exc()
        fail(how.message, how.status)


def fail(message: str, status: int) -> NoReturn:
    """End with a message that names the command."""
    try:
        print(f"signpaths {' '.join(sys.argv[1:2])}: {message}", file=sys.stderr, flush=True)
    except OSError:
        # The log is on the full disk, too: the status says it.
        leave(status)
    sys.exit(status)


def leave(status: int) -> NoReturn:
    """End at once, without Python's attempt to write what cannot be written."""
    os._exit(status)


def _end(number: int, frame: FrameType | None) -> NoReturn:
    # To take away what is half written is not to be ended as well.
    signal.signal(number, signal.SIG_IGN)
    raise Ended


if __name__ == "__main__":
    main()
