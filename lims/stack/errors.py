"""The one error of the stack."""


class StackError(Exception):
    """The embedded stack cannot do what was asked; the message says what is wrong and what to do, and is meant to be shown as it stands."""
