"""Labels as the text that label printers read: ZPL II (Zebra and many others) and EPL2, for 203 dots an inch and labels of 50 × 25 mm.

A printer takes everything it is sent for commands, so nothing of a text may become one: in ZPL every sign that could is sent as its
hexadecimal number, in EPL quotes and backslashes are escaped, and what the printer's own font cannot show becomes a question mark.
"""

from __future__ import annotations

from collections.abc import Sequence

from lims.documents.labels import Label

WIDTH, HEIGHT = 400, 200
"""The label in dots: 50 × 25 mm at 8 dots a millimetre."""
_BAR = 33
"""Where the Code 128 of twelve signs begins, in dots, so that both its quiet zones are white."""


def write_zpl(labels: Sequence[Label], *, synthetic: bool = False) -> str:
    """One ZPL II format for each label, in order."""
    return "".join(_zpl(label, synthetic) for label in labels)


def _zpl(label: Label, synthetic: bool) -> str:
    lines = [*label.lines[:2], *(["SYNTHETIC DEMONSTRATION"] if synthetic else [])]
    fields = [
        f"^FO14,10^BQN,2,4^FH_^FDMA,{_zpl_text(label.payload or label.code)}^FS",
        f"^FO122,16^A0N,38,30^FH_^FD{_zpl_text(label.code)}^FS",
        *(f"^FO122,{62 + 24 * row}^A0N,20,18^FH_^FD{_zpl_text(line)}^FS" for row, line in enumerate(lines)),
        f"^FO{_BAR},138^BY2^BCN,52,N,N,N^FH_^FD>:{_zpl_text(label.code)}^FS",
    ]
    return "\n".join(["^XA", "^CI28", f"^PW{WIDTH}", f"^LL{HEIGHT}", "^LH0,0", *fields, "^XZ", ""])


def _zpl_text(text: str) -> str:
    """Letters, digits, blanks and a few signs as they are; everything else as the bytes of its UTF-8."""
    plain = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 -.,/:()")
    return "".join(sign if sign in plain else "".join(f"_{byte:02X}" for byte in sign.encode()) for sign in text if sign.isprintable())


def write_epl(labels: Sequence[Label], *, synthetic: bool = False) -> str:
    """One EPL2 form for each label, in order."""
    return "".join(_epl(label, synthetic) for label in labels)


def _epl(label: Label, synthetic: bool) -> str:
    lines = [*label.lines[:2], *(["SYNTHETIC DEMONSTRATION"] if synthetic else [])]
    fields = [
        f'b14,10,Q,m2,s4,eM,"{_epl_text(label.payload or label.code)}"',
        f'A122,16,0,4,1,1,N,"{_epl_text(label.code)}"',
        *(f'A122,{60 + 24 * row},0,2,1,1,N,"{_epl_text(line[:22])}"' for row, line in enumerate(lines)),
        f'B{_BAR},138,0,1B,2,2,52,N,"{_epl_text(label.code)}"',
    ]
    return "\r\n".join(["", "N", f"q{WIDTH}", f"Q{HEIGHT},24", *fields, "P1", ""])


def _epl_text(text: str) -> str:
    ascii_only = "".join(sign if " " <= sign <= "~" else "?" for sign in text)
    return ascii_only.replace("\\", "\\\\").replace('"', '\\"')
