"""Which formulae were validated: the SHA-256 of their source, the same wherever the same code runs."""

import hashlib
from functools import cache
from importlib import resources

_PACKAGES = ("assays.chemistry", "assays.qc", "assays.validation")
_MODULES = (("assays", "distributions.py"),)


@cache
def compute_formulae_sha256() -> str:
    """Over the names and SHA-256 of every module of chemistry, quality control and validation, in alphabetical order."""
    files = [(package, one.name) for package in _PACKAGES for one in resources.files(package).iterdir() if one.name.endswith(".py")]
    lines = [
        f"{hashlib.sha256(resources.files(package).joinpath(name).read_bytes()).hexdigest()}  {package}/{name}"
        for package, name in sorted([*files, *_MODULES])
    ]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
