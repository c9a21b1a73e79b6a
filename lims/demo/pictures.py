"""Drawn photographs for the demonstration: the face of a weathered profile, a sealed bag. Nobody shall take them for real ones."""

from __future__ import annotations

import io
import random

from PIL import Image, ImageDraw, ImageFilter

_SIZE = (1200, 800)
_BANDS = ((92, 58, 36), (150, 82, 47), (182, 104, 60), (201, 138, 92), (214, 170, 130), (190, 178, 160))


def draw_face(rng: random.Random) -> bytes:
    """Layers of weathered granite with the marks of a channel sample, as JPEG."""
    width, height = _SIZE
    picture = Image.new("RGB", _SIZE, _BANDS[0])
    brush = ImageDraw.Draw(picture)
    for index, colour in enumerate(_BANDS[1:], 1):
        level = height * index / len(_BANDS)
        line = [(x, level + rng.uniform(-16, 16)) for x in range(0, width + 60, 60)]
        brush.polygon([(0, height), *line, (width, height)], fill=colour)
    for _ in range(2600):
        x, y, size, shade = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(1, 5), rng.randrange(60, 210)
        brush.ellipse((x, y, x + size, y + size * 0.7), fill=(shade, int(shade * 0.78), int(shade * 0.6)))
    left = width * rng.uniform(0.35, 0.6)
    brush.rectangle((left, height * 0.18, left + 90, height * 0.82), outline=(245, 240, 228), width=7)
    return _finish(picture)


def draw_bag(rng: random.Random, *, torn: bool = False) -> bytes:
    """A sealed bag on a bench, torn where asked for, as JPEG."""
    width, height = _SIZE
    picture = Image.new("RGB", _SIZE, (206, 202, 192))
    brush = ImageDraw.Draw(picture)
    brush.rectangle((0, height * 0.62, width, height), fill=(164, 150, 130))
    brush.rounded_rectangle((330, 130, 870, 700), radius=46, fill=(226, 224, 214), outline=(150, 146, 136), width=5)
    brush.rounded_rectangle((380, 300, 820, 670), radius=40, fill=(168, 96, 58))
    brush.rectangle((350, 165, 850, 215), fill=(176, 48, 38))
    brush.rectangle((470, 330, 730, 470), fill=(250, 249, 244), outline=(60, 60, 60), width=3)
    for index in range(24):
        x = 488 + index * 9.5
        brush.rectangle((x, 350, x + rng.choice([3, 5, 7]), 430), fill=(25, 25, 25))
    if torn:
        brush.polygon([(640, 640), (700, 560), (720, 600), (800, 520), (760, 650), (700, 690)], fill=(120, 66, 40))
    return _finish(picture)


def _finish(picture: Image.Image) -> bytes:
    brush = ImageDraw.Draw(picture)
    picture.paste(picture.filter(ImageFilter.GaussianBlur(1.2)))
    brush.rectangle((0, _SIZE[1] - 46, _SIZE[0], _SIZE[1]), fill=(32, 38, 58))
    brush.text((22, _SIZE[1] - 38), "SYNTHETIC DEMONSTRATION PICTURE", fill=(255, 255, 255), font_size=24)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=82)
    return out.getvalue()
