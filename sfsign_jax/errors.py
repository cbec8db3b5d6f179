"""The mistakes of users that the package reports."""


class UserError(Exception):
    """A mistake the user can mend: one sentence naming the file, key or row and what to do.

    Command lines print it and exit with status 2.
    """
