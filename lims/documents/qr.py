"""QR symbols as plain SVG."""

from __future__ import annotations

import io

import segno


def draw_qr(text: str, *, error: str = "m") -> str:
    """The QR code (ISO/IEC 18004) of `text` as SVG without its quiet zone, which the template leaves; `error` is the correction level."""
    drawing = io.BytesIO()
    segno.make_qr(text, error=error, boost_error=False).save(drawing, kind="svg", border=0, xmldecl=False, nl=False)
    return drawing.getvalue().decode()
