"""How a mistake of the user is reported: one sentence, and exit status 2."""

import sys
from collections.abc import Callable


class UserError(Exception):
    """A mistake the user can mend: one sentence naming the file, key or row and what to do.

    Command lines print it and exit with status 2.
    """


def run_command_line(main: Callable[[], None]) -> None:
    """Runs `main`; a UserError becomes `error: <sentence>` on stderr and exit status 2.

    Every other exception passes through with its traceback: it is a bug, not a mistake of the user.
    """
    try:
        main()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
