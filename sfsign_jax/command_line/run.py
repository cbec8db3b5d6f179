"""How a command ends: done, or with one sentence about what went wrong outside of it."""

import atexit
import contextlib
import errno
import importlib.metadata
import io
import os
import re
import sys
from collections.abc import Callable
from typing import TextIO

from sfsign_jax.errors import UserError
from sfsign_jax.text import printable

MISTAKE_STATUS = 2
INTERRUPTED_STATUS = 130  # as a shell gives a program that Ctrl-C ended
CLOSED_STATUS = 141  # as a shell gives one that wrote to a closed pipe

# What a system call answers to a bug of ours, not to what it finds on the disk.
BUGS = {errno.EBADF, errno.EFAULT, errno.EINVAL, errno.ENOTSOCK}
# Modules that are not called as the distribution that has them.
DISTRIBUTIONS = {"absl": "absl-py", "cv2": "opencv-python-headless", "PIL": "pillow"}


def run_command_line(main: Callable[[], None]) -> None:
    """Runs `main`; what comes from outside becomes `error: <sentence>` on stderr and a status.

    A UserError, an error of the system and a missing package of an extra end with status 2, Ctrl-C
    with 130, and a closed standard output with 141. Every other exception passes through with its
    traceback: it is a bug.
    """
    use_utf8()
    prepare_streams()
    sys.unraisablehook = without_late_writes
    try:
        try:
            main()
        except SystemExit:  # after --help, or with a status
            write_output()
            raise
        write_output()
    except UserError as error:
        end(f"error: {error}", MISTAKE_STATUS)
    except KeyboardInterrupt:
        end("interrupted", INTERRUPTED_STATUS)
    except BrokenPipeError:
        end("error: standard output was closed before all was written", CLOSED_STATUS)
    except (OSError, UnicodeError, ModuleNotFoundError) as error:
        if not (sentence := sentence_of(error)):
            raise
        end(f"error: {sentence}", MISTAKE_STATUS)


def without_late_writes(unraisable: "sys.UnraisableHookArgs") -> None:
    """Prints an exception that nobody can catch, but not those of Orbax's late writes.

    When one of its writes fails, as on a full disk, Orbax raises that error and closes its event
    loop; every other write then misses the loop, from a thread that has no Python of ours.
    """
    late = unraisable.exc_type is RuntimeError and "Event loop" in str(unraisable.exc_value)
    if not late:
        sys.__unraisablehook__(unraisable)


def sentence_of(error: OSError | UnicodeError | ModuleNotFoundError) -> str:
    """What went wrong outside of the program; nothing where it is a bug."""
    if isinstance(error, ModuleNotFoundError):
        return missing_package(error.name or "")
    if isinstance(error, UnicodeError):
        return f"a text or a file name has characters that can't be read or written: {error}"
    if error.errno is None or error.errno in BUGS:
        return ""
    reason = os.strerror(error.errno)
    return (
        f"{error.filename}: {reason}"
        if error.filename
        else f"can't read or write a file, or standard output: {reason}"
    )


def missing_package(module: str) -> str:
    """What to install for a module that is missing, where it is one of an extra."""
    package = module.partition(".")[0]
    distribution = normalized(DISTRIBUTIONS.get(package, package))
    for requirement in importlib.metadata.requires("sfsign-jax") or []:
        extra = re.search(r"extra == [\"']([\w-]+)", requirement)
        if normalized(re.split(r"[^\w.-]", requirement)[0]) == distribution:
            wanted = f"sfsign-jax[{extra[1]}]" if extra else "sfsign-jax"
            return f"the package {package} is missing: pip install '{wanted}'"
    return ""


def normalized(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def use_utf8() -> None:
    """Starts Python again where the locale's file names are not UTF-8, as those of the disk are.

    The libraries that write arrays take UTF-8 only, whatever the locale.
    """
    if sys.getfilesystemencoding() != "utf-8":
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])


def prepare_streams() -> None:
    """Makes standard output and error take any text, and be there."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by who started the program
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # bytes of file names that are no text


def write_output() -> None:
    """What was printed, while its loss can still be told.

    Raises:
        BrokenPipeError: nobody reads it.
        UserError: it can't be written, as when the disk is full.
    """
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UserError(f"standard output can't be written ({error.strerror})") from error


def print_error(sentence: object) -> None:
    """On stderr, with nothing that could do more to a terminal than show."""
    print(*map(printable, str(sentence).split("\n")), sep="\n", file=sys.stderr)


def end(sentence: str, status: int) -> None:
    """Says it and ends the process, which says nothing more."""
    try:
        sys.stdout.flush()
    except OSError:  # Python would try it again at its end, and complain
        discard(sys.stdout)
    with contextlib.suppress(OSError):
        print_error(sentence)
    atexit.register(discard, sys.stderr)  # when Python ends, so does `without_late_writes`
    sys.exit(status)


def discard(stream: TextIO) -> None:
    """What is written to it from now on."""
    with contextlib.suppress(OSError, ValueError):  # where it is no file, or closed
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
