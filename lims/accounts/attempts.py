"""Wrong passwords at signing, counted as those at signing in: who guesses at somebody's open session is stopped after a few.

The count lives in the cache, because a refused signature rolls its transaction back. Without a cache nothing is counted; each guess still
costs a slow hash and the general rate limit.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError

from lims.core.errors import Blocked, Blocker

_log = logging.getLogger(__name__)
_PAUSE = timedelta(hours=settings.AXES_COOLOFF_TIME)


def refuse_after_too_many(person: Any) -> None:
    """Raise `Blocked('too_many_wrong_passwords')` while the person may not try again."""
    try:
        wrong = cache.get(_key(person), 0)
    except RedisError as error:
        return _log.warning("wrong passwords at signing are not counted: %s", error)
    if wrong >= settings.AXES_FAILURE_LIMIT:
        minutes = int(_PAUSE.total_seconds() // 60)
        raise Blocked(
            [
                Blocker(
                    "too_many_wrong_passwords",
                    f"The password was wrong {wrong} times, so signing pauses for {minutes} minutes. Nothing was signed. "
                    "If that was not you, change your password and tell the administrator.",
                )
            ]
        )


def count_wrong(person: Any) -> None:
    """One more wrong password; the pause runs from the last one."""
    key = _key(person)
    try:
        cache.add(key, 0, _PAUSE.total_seconds())
        cache.incr(key)
        cache.touch(key, _PAUSE.total_seconds())
    except (RedisError, ValueError) as error:
        _log.warning("a wrong password at signing was not counted: %s", error)
    _log.warning("wrong password at signing by %s", person.username)


def forget_wrong(person: Any) -> None:
    """The right password, or a new one, ends the count."""
    try:
        cache.delete(_key(person))
    except RedisError as error:
        _log.warning("wrong passwords at signing were not forgotten: %s", error)


def _key(person: Any) -> str:
    return f"signing:{person.pk}"
