"""Small pictures for tests."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image


def picture(kind: str = "JPEG", size: tuple[int, int] = (120, 80), **more: Any) -> bytes:
    """A picture of one colour in a format of Pillow's."""
    out = io.BytesIO()
    Image.new("RGB", size, (180, 90, 60)).save(out, kind, **more)
    return out.getvalue()
