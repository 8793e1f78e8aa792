"""How a command ends that did not come to its end: in one line, with a status that says why.

Takes what was raised, gives what to tell and the exit status. Words for what the machine refuses
(room, rights, memory) stand here once; what a stage itself finds wrong is a `UserError`.
"""

import errno
from collections.abc import Iterator
from dataclasses import dataclass

from signpaths.errors import UserError

# Exit statuses: the user can mend it; a wrong command line; an error of signpaths; no room or no
# rights, which the status tells where the log cannot be written either (both as in `sysexits.h`).
MENDABLE, MISUSED, BUG, REFUSED = 1, 2, 70, 74
# As the shell counts what a signal ended: 128 and its number.
INTERRUPTED, CLOSED_PIPE, ENDED = 130, 141, 143

MEMORY = (
    "the memory is used up{what}. Run fewer jobs at once (snakemake --cores 1), end other "
    "programs, or use a machine with more."
)
REFUSALS = {
    errno.ENOSPC: "the disk is full{what}. Make room.",
    errno.EDQUOT: "your quota of the disk is used up{what}. Make room.",
    errno.EFBIG: "a file would be larger than is allowed here{what}. Raise the limit (ulimit -f) "
    "or use another disk.",
    errno.EACCES: "there is no permission{what}. Give yourself the right to it, or choose another "
    "folder.",
    errno.EPERM: "the system does not allow it{what}. Give yourself the right to it, or choose "
    "another folder.",
    errno.EROFS: "the disk can only be read{what}. Choose a folder that can be written.",
    errno.EIO: "the disk or its connection fails{what}. Look after it.",
    errno.ESTALE: "the network disk was lost{what}. Run again once it is back.",
    errno.EMFILE: "too many files are open{what}. Raise the limit (ulimit -n).",
    errno.ENFILE: "the machine has too many files open{what}. End other programs.",
    errno.ENOMEM: MEMORY,
}
# Libraries that write by themselves (HDF5, ffmpeg) hand the system's words on without its number.
WORDS = {"No space left on device": errno.ENOSPC, "Disk quota exceeded": errno.EDQUOT}
# Of TensorFlow, which is not imported to ask for it.
OUT_OF_MEMORY = "ResourceExhaustedError"


class Ended(KeyboardInterrupt):
    """The system asked the command to end (SIGTERM): what is half written is taken away."""


@dataclass(frozen=True)
class Ending:
    """How a command ends.

    Attributes
    ----------
    message
        What to tell, in one line.
    status
        Of the process.
    unexpected
        Whether it is an error of signpaths itself, of which the log keeps the traceback.
    """

    message: str
    status: int
    unexpected: bool = False


def ending(error: BaseException) -> Ending:
    """Say how a command ends that raised this."""
    if isinstance(error, UserError):
        return Ending(str(error), MENDABLE)
    if isinstance(error, Ended):
        return Ending(
            "it was told to end (signal 15), by a person, the machine or a batch system's limit of "
            "time or memory; nothing half made was left.",
            ENDED,
        )
    if isinstance(error, KeyboardInterrupt):
        return Ending("stopped (Ctrl-C); nothing half made was left.", INTERRUPTED)
    if isinstance(error, ModuleNotFoundError) and not str(error.name).startswith("signpaths"):
        return Ending(
            f"the environment lacks the package {error.name}. Install envs/requirements.txt in it "
            "(README.md), or run by the Python of the environment that has it.",
            MENDABLE,
        )
    for cause in _causes(error):
        refusal = _refusal(cause)
        if refusal is not None:
            return refusal
    return Ending(
        f"an error of signpaths itself ({_in_a_line(error)}); please report it with this log.",
        BUG,
        unexpected=True,
    )


def _refusal(error: BaseException) -> Ending | None:
    """Say what the machine refused, if that is what this error says."""
    if isinstance(error, MemoryError) or type(error).__name__ == OUT_OF_MEMORY:
        return Ending(MEMORY.format(what=_bracketed(_in_a_line(error))), MENDABLE)
    said = str(error)
    number = next((number for words, number in WORDS.items() if words in said), None)
    if number is None and isinstance(error, OSError):
        number = error.errno
    if number not in REFUSALS:
        return None
    name = error.filename if isinstance(error, OSError) else None
    what = _bracketed(str(name) if name is not None else _in_a_line(error))
    status = MENDABLE if number == errno.ENOMEM else REFUSED
    return Ending(REFUSALS[number].format(what=what), status)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Go from an error to what caused it, and on."""
    seen: list[BaseException] = []
    following: BaseException | None = error
    while following is not None and following not in seen:
        yield following
        seen.append(following)
        following = following.__cause__ or following.__context__


def _in_a_line(error: BaseException) -> str:
    """Give an error's type and its first line, not too long."""
    line = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    return f"{type(error).__name__}: {line[:200]}" if line else type(error).__name__


def _bracketed(text: str) -> str:
    return f" ({text})"
