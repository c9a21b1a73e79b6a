"""How passwords are kept: Argon2id, which costs an attacker memory as well as time."""

from __future__ import annotations

from django.contrib.auth.hashers import Argon2PasswordHasher


class PasswordHasher(Argon2PasswordHasher):
    """Argon2id with 19 MiB, two passes, one lane: the first recommendation of OWASP's Password Storage Cheat Sheet.

    A signature asks for the password again, so a handover asks twice; each costs some tens of milliseconds here, and an attacker as much
    memory for every guess at once.
    """

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1
