"""Lists what is not translated yet and is therefore shown in English.

`tools/untranslated.py` counts by language and folder; with files or folders it prints their texts that lack a language.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]


def main(arguments: list[str]) -> int:
    """Print the counts, or the texts of the places named."""
    sys.path.insert(0, str(PROJECT))
    from django.conf import settings

    from lims.core.catalogues import read_catalogue, source_files
    from tools.marked_texts import FIELD, marked_texts, speaking_files

    settings.configure()
    texts = {path: marked_texts(path) for path in speaking_files(PROJECT)}
    field = set[str]().union(*(texts[path] for path in speaking_files(PROJECT, FIELD)))
    named = [Path(argument).resolve() for argument in arguments]
    for catalogue in source_files(PROJECT / "lims" / "locale"):
        have, language = set(read_catalogue(catalogue.read_text(encoding="utf-8"))), catalogue.parts[-3]
        if named:
            chosen = set[str]().union(*(found for path, found in texts.items() if any(path.is_relative_to(name) for name in named)))
            sys.stdout.writelines(f"{language}: {key!r}\n" for key in sorted(chosen - have))
            continue
        everything = set[str]().union(*texts.values())
        told = f"{len(everything - have)} of {len(everything)} texts, {len(field - have)} of {len(field)} of the field"
        sys.stdout.write(f"{language}: {told} are not translated\n")
        lacking = Counter[str]()
        for path, found in texts.items():
            lacking["/".join(path.relative_to(PROJECT).parts[:2])] += len(found - have)
        sys.stdout.writelines(f"  {count:5} {folder}\n" for folder, count in lacking.most_common() if count)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
