"""What ends a command early is one line that says what and what to do, and a status."""

import errno
import os

import numpy as np
import pytest
from signpaths.endings import ending
from signpaths.errors import UserError


@pytest.mark.parametrize(
    ("number", "words", "status"),
    [
        (errno.ENOSPC, "the disk is full", 74),
        (errno.EDQUOT, "your quota of the disk is used up", 74),
        (errno.EFBIG, "a file would be larger than is allowed here", 74),
        (errno.EACCES, "there is no permission", 74),
        (errno.EROFS, "the disk can only be read", 74),
        (errno.EIO, "the disk or its connection fails", 74),
        (errno.ENOMEM, "the memory is used up", 1),
    ],
)
def test_what_the_machine_refuses_is_no_error_of_signpaths(
    number: int, words: str, status: int
) -> None:
    how = ending(OSError(number, os.strerror(number), "results/x.zarr"))
    assert how.message.startswith(f"{words} (results/x.zarr). ")
    assert (how.status, how.unexpected) == (status, False)
    assert len(how.message.splitlines()) == 1


def test_it_is_seen_behind_the_error_that_it_caused() -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    behind = RuntimeError("cannot write the store")
    behind.__cause__ = full
    assert ending(behind).message.startswith("the disk is full")
    # HDF5 puts the system's words into a message of its own.
    error = OSError("Can't write data (errno = 28, error message = 'No space left on device')")
    assert ending(error).message.startswith("the disk is full")


def test_want_of_memory_is_told_with_what_was_asked_for() -> None:
    with pytest.raises(MemoryError) as raised:
        np.zeros(2**57)
    how = ending(raised.value)
    assert how.message.startswith("the memory is used up (MemoryError: Unable to allocate")
    assert how.status == 1

    class ResourceExhaustedError(Exception):
        """As TensorFlow calls it."""

    assert "memory" in ending(ResourceExhaustedError("OOM when allocating")).message


def test_a_package_that_is_not_there_is_a_matter_of_the_environment() -> None:
    how = ending(ModuleNotFoundError("No module named 'xarray'", name="xarray"))
    assert how.message.startswith("the environment lacks the package xarray. ")
    assert not how.unexpected
    assert ending(ModuleNotFoundError("", name="signpaths.nowhere")).unexpected


def test_anything_else_is_an_error_of_signpaths_and_keeps_its_traceback() -> None:
    how = ending(TypeError("no such thing\nmore"))
    assert how.message == (
        "an error of signpaths itself (TypeError: no such thing); please report it with this log."
    )
    assert (how.status, how.unexpected) == (70, True)
    assert ending(UserError("mend it")).status == 1
    assert ending(KeyboardInterrupt()).status == 130
