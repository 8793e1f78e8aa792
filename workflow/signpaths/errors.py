"""The one error that a user is meant to see.

The command line prints its text and exits with 1; anything else that is raised is a bug and keeps
its traceback.
"""


class UserError(Exception):
    """Something the user can mend: the text says what, where, what was expected and what to do."""
