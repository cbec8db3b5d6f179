"""How a command ends: done, or with one sentence about a mistake and exit status 2."""

import sys
from collections.abc import Callable

from sfsign_jax.errors import UserError
from sfsign_jax.text import printable


def print_error(error: UserError) -> None:
    """Prints its sentence, with nothing that could do more to a terminal than show."""
    sentence = "\n".join(map(printable, str(error).split("\n")))
    print(f"error: {sentence}", file=sys.stderr)


def run_command_line(main: Callable[[], None]) -> None:
    """Runs `main`; a UserError becomes `error: <sentence>` on stderr and exit status 2.

    Every other exception passes through with its traceback: it is a bug, not a mistake of the user.
    """
    try:
        main()
    except UserError as error:
        print_error(error)
        sys.exit(2)
