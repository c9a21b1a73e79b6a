"""What each `manage.py` command needs to run beside it. A command that is not listed needs the database."""

from __future__ import annotations

from collections.abc import Sequence

DATABASE = frozenset({"database"})
BOTH = frozenset({"database", "broker"})
NOTHING: frozenset[str] = frozenset()

NEEDS = {
    "build_demo": BOTH,
    "runserver": BOTH,
    "testserver": BOTH,
    "check": NOTHING,
    "collectstatic": NOTHING,
    "compilemessages": NOTHING,
    "diffsettings": NOTHING,
    "findstatic": NOTHING,
    "help": NOTHING,
    "make_backup_key": NOTHING,
    "makemessages": NOTHING,
    "parse_export": NOTHING,
    "prepare_assets": NOTHING,
    "sendtestemail": NOTHING,
    "spectacular": NOTHING,
    "startapp": NOTHING,
    "validate_calculations": NOTHING,
    "version": NOTHING,
    "witness": NOTHING,
}


def needs_of(arguments: Sequence[str]) -> frozenset[str]:
    """The servers that `manage.py` called with `arguments` (as in `sys.argv`) needs: a part of {"database", "broker"}."""
    words = list(arguments[1:])
    if not words or {"-h", "--help", "--version"} & set(words):
        return NOTHING
    if any(word.split("=")[0] == "--database" for word in words):
        return NEEDS.get(words[0], DATABASE) | DATABASE
    return NEEDS.get(words[0], DATABASE)
