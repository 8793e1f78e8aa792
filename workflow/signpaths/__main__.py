"""The command line: one command a stage, `python -m signpaths <stage> …`.

Each stage is a typed function; cyclopts reads its signature and docstring, and its options from
their models. The modules are imported only when their command runs, so `--help` is quick and
TensorFlow stays out of it.
"""

import sys

from signpaths.imports import quick_imports

with quick_imports():
    from cyclopts import App, CycloptsError
    from pydantic import ValidationError

    from signpaths import __version__
    from signpaths.errors import UserError
    from signpaths.faults import option_faults
    from signpaths.stages import STAGES

app = App(
    name="signpaths",
    version=__version__,
    help="Which pairs of classes are close in what a recurrent network learns, and stay close?",
)
for stage in STAGES:
    app.command(f"signpaths.{stage.module}:{stage.rule}", name=stage.name, help=stage.summary)


def main() -> None:
    """Run a command; say what the user can mend in a few words, without a traceback."""
    try:
        # To read the arguments imports the stage.
        with quick_imports():
            command, given, _ = app.parse_args(exit_on_error=False, print_error=False)
        command(*given.args, **given.kwargs)
    except UserError as error:
        fail(str(error), 1)
    except CycloptsError as error:
        cause = error.__cause__
        faults = option_faults(cause) if isinstance(cause, ValidationError) else []
        fail("\n".join(faults) or str(error), 2)


def fail(message: str, status: int) -> None:
    """End with a message that names the command."""
    print(f"signpaths {' '.join(sys.argv[1:2])}: {message}", file=sys.stderr)
    sys.exit(status)


if __name__ == "__main__":
    main()
