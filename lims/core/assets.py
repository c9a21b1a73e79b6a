"""What pages and papers need and the repository does not hold: fonts, map outlines, the chart library, translations; built at set-up.

From the npm packages pinned in `package-lock.json` and from the chart renderer of `requirements.txt` come

- `assets/` (a folder of Django's static files): `fonts/fonts.css` and its WOFF2 files, `vega/vega.js`, `geo/outlines.json`;
- `fonts/`: the TrueType files for PDF and SVG;

and from the catalogues of `lims/locale` the compiled translations in `locale/`.

A stamp of everything that decides the outcome makes a second call return at once.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from lims.core import catalogues, outlines
from lims.core.errors import DomainError

RENDERER = "vl-convert-python"
STAMP_NAME = "assets.stamp"
OUTLINE_TOLERANCE = 0.02
"""Degrees, about two kilometres: finer than a pen stroke on the smallest map shown."""


@dataclass(frozen=True, slots=True)
class WebFont:
    """One `@font-face`: a WOFF2 file of a package and the characters it is fetched for (all when empty)."""

    family: str
    weights: str
    file_name: str
    source: str
    unicode_range: str = ""


_DEVANAGARI = "U+0900-097F,U+1CD0-1CF9,U+200C-200D,U+20A8,U+20B9,U+20F0,U+25CC,U+A830-A839,U+A8E0-A8FF"
_MYANMAR = "U+1000-109F,U+200C-200D,U+25CC,U+A9E0-A9FE,U+AA60-AA7F"
_BURMESE_FILES = "@fontsource/noto-sans-myanmar/files/noto-sans-myanmar-myanmar-{}-normal.woff2"

# The subsets of Inter for Latin alone lack subscripts, arrows and the signs of the states (● ▲ ■ ◆), hence the whole variable font.
WEB_FONTS = (
    WebFont("Inter", "100 900", "inter.woff2", "inter-ui/variable/InterVariable.woff2"),
    WebFont(
        "JetBrains Mono",
        "100 800",
        "jetbrains-mono.woff2",
        "@fontsource-variable/jetbrains-mono/files/jetbrains-mono-latin-wght-normal.woff2",
    ),
    WebFont(
        "Noto Sans Devanagari",
        "100 900",
        "noto-sans-devanagari.woff2",
        "@fontsource-variable/noto-sans-devanagari/files/noto-sans-devanagari-devanagari-wght-normal.woff2",
        _DEVANAGARI,
    ),
    WebFont("Noto Sans Myanmar", "400", "noto-sans-myanmar-400.woff2", _BURMESE_FILES.format(400), _MYANMAR),
    WebFont("Noto Sans Myanmar", "600 700", "noto-sans-myanmar-600.woff2", _BURMESE_FILES.format(600), _MYANMAR),
)

_STYLES = ("400Regular", "500Medium", "600SemiBold", "700Bold")
_PAPER_FAMILIES = {
    "inter": "Inter",
    "jetbrains-mono": "JetBrainsMono",
    "noto-sans-devanagari": "NotoSansDevanagari",
    "noto-sans-myanmar": "NotoSansMyanmar",
}
PAPER_FONTS = {
    f"{prefix}-{style.lstrip('0123456789')}.ttf": f"@expo-google-fonts/{package}/{style}/{prefix}_{style}.ttf"
    for package, prefix in _PAPER_FAMILIES.items()
    for style in _STYLES
}
"""Name in `fonts/` → file of a package. Static weights: the PDF compiler reads no variable fonts."""


def prepare_assets(*, checkout: Path, build_dir: Path, force: bool = False, say: Callable[[str], None] = lambda line: None) -> bool:
    """Build `build_dir/assets` and `build_dir/fonts` from the packages of `checkout`; `True` if anything had to be built.

    `say` is told each step. Raises `DomainError` (`assets_package_missing`) naming the file that no package provides.
    """
    stamp_file = build_dir / STAMP_NAME
    languages = checkout / "lims" / "locale"
    stamp = _fingerprint(checkout)
    made = [*asset_files(build_dir), *catalogues.compiled_files(languages, build_dir / "locale")]
    if not force and stamp_file.is_file() and stamp_file.read_text() == stamp and all(path.is_file() for path in made):
        return False
    packages = checkout / "node_modules"
    _check_packages(packages)
    stamp_file.unlink(missing_ok=True)
    say("Fonts for the browser and for paper")
    _copy_fonts(packages, build_dir)
    say("Map outlines of the region")
    _write_outlines(packages, build_dir / "assets" / "geo" / "outlines.json")
    say("Chart library")
    _write_text(build_dir / "assets" / "vega" / "vega.js", _bundle_charts())
    say("Translations")
    catalogues.compile_folder(languages, build_dir / "locale")
    _write_text(stamp_file, stamp)
    return True


def asset_files(build_dir: Path) -> list[Path]:
    """Every file that `prepare_assets` leaves behind, but the translations."""
    assets = build_dir / "assets"
    return [
        assets / "fonts" / "fonts.css",
        *(assets / "fonts" / font.file_name for font in WEB_FONTS),
        assets / "geo" / "outlines.json",
        assets / "vega" / "vega.js",
        *(build_dir / "fonts" / name for name in PAPER_FONTS),
    ]


def build_font_css(fonts: tuple[WebFont, ...] = WEB_FONTS) -> str:
    """The style sheet that declares the fonts, with addresses relative to itself."""
    return "\n".join(_font_face(font) for font in fonts) + "\n"


def _font_face(font: WebFont) -> str:
    unicode_range = f"  unicode-range: {font.unicode_range};\n" if font.unicode_range else ""
    return (
        "@font-face {\n"
        f'  font-family: "{font.family}";\n'
        f"  font-style: normal;\n  font-weight: {font.weights};\n  font-display: swap;\n"
        f'  src: url("{font.file_name}") format("woff2");\n{unicode_range}}}'
    )


def _fingerprint(checkout: Path) -> str:
    """Hash of the pinned packages, the renderer's version, the translations and this builder itself."""
    digest = hashlib.sha256(f"{RENDERER} {version(RENDERER)}\n".encode())
    builders = [Path(module.__file__ or "") for module in (outlines, catalogues)]
    texts = catalogues.source_files(checkout / "lims" / "locale")
    for path in (checkout / "package-lock.json", Path(__file__), *builders, *texts):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _check_packages(packages: Path) -> None:
    sources = [font.source for font in WEB_FONTS] + list(PAPER_FONTS.values()) + ["world-atlas/countries-50m.json"]
    missing = next((source for source in sources if not (packages / source).is_file()), None)
    if missing:
        raise DomainError(
            "assets_package_missing",
            f"node_modules/{missing} is not there, so fonts and maps cannot be built. "
            "Run `.venv/bin/npm ci --ignore-scripts` in the project's folder, then this command again.",
            details={"missing": missing},
        )


def _copy_fonts(packages: Path, build_dir: Path) -> None:
    for font in WEB_FONTS:
        _copy(packages / font.source, build_dir / "assets" / "fonts" / font.file_name)
    for name, source in PAPER_FONTS.items():
        _copy(packages / source, build_dir / "fonts" / name)
    _write_text(build_dir / "assets" / "fonts" / "fonts.css", build_font_css())


def _write_outlines(packages: Path, target: Path) -> None:
    topology = json.loads((packages / "world-atlas" / "countries-50m.json").read_bytes())
    world = outlines.decode_topology(topology, "countries", tolerance=OUTLINE_TOLERANCE)
    _write_text(target, json.dumps(outlines.clip_features(world, outlines.REGION), ensure_ascii=False, separators=(",", ":")))


def _bundle_charts() -> str:
    import vl_convert  # a second to load: only when there is something to build

    return str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".part")
    shutil.copyfile(source, partial)
    os.replace(partial, target)


def _write_text(target: Path, text: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".part")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, target)
