"""Pictures in rows and columns with their names, in bands where the columns are many."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import matplotlib
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from stylize import imaging

GAP, TEXT, LINES = 8, 13, 3
INK, PAPER, RULE = (20, 20, 20), (255, 255, 255), (200, 200, 200)

# A row: its name, and a picture or None for every column.
Row = tuple[str, Sequence[Callable[[], imaging.Array] | None]]


def sheet(heads: Sequence[str], rows: Sequence[Row], cell: int, columns: int) -> Pillow.Image:
    """All rows under the heads.

    Args:
        heads: names of the columns; the first two (content and style) stand in every band.
        rows: their pictures are opened one after the other.
        cell: longer side of a picture, px.
        columns: of a band, beside the first two.
    """
    rest = range(2, len(heads))
    starts = range(0, max(1, len(rest)), columns)
    bands = [_band(heads, rows, [0, 1, *rest[i : i + columns]], cell) for i in starts]
    size = max(band.width for band in bands), sum(band.height for band in bands)
    made = Pillow.new("RGB", size, PAPER)
    top = 0
    for band in bands:
        made.paste(band, (0, top))
        top += band.height
        ImageDraw.Draw(made).line([(0, top - 1), (made.width, top - 1)], RULE)
    return made


def _band(heads: Sequence[str], rows: Sequence[Row], columns: list[int], cell: int) -> Pillow.Image:
    """Some of the columns."""
    font = _font()
    names = max((len(_wrapped(name, cell, font)) for name, _ in rows), default=1) * (TEXT + 3)
    heights = [_height(pictures[:2], cell) for _, pictures in rows]
    top = LINES * (TEXT + 4) + GAP
    size = (len(columns) * (cell + GAP) + GAP, top + sum(heights) + len(rows) * (names + GAP) + GAP)
    made = Pillow.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(made)
    lefts = [GAP + place * (cell + GAP) for place in range(len(columns))]
    for left, column in zip(lefts, columns, strict=True):
        text = "\n".join(_wrapped(heads[column], cell, font)[:LINES])
        draw.multiline_text((left, GAP), text, INK, font)
    for height, (name, pictures) in zip(heights, rows, strict=True):
        for left, column in zip(lefts, columns, strict=True):
            if (opened := pictures[column]) is not None:
                made.paste(_small(opened(), cell), (left, top))
        text = "\n".join(_wrapped(name, cell, font))
        draw.multiline_text((GAP, top + height + 1), text, INK, font, spacing=2)
        top += height + names + GAP
    return made


def _height(pictures: Sequence[Callable[[], imaging.Array] | None], cell: int) -> int:
    """Of a row: its renderings are as high as its content."""
    return max((_small(opened(), cell).height for opened in pictures if opened), default=cell)


def _small(picture: imaging.Array, cell: int) -> Pillow.Image:
    return Pillow.fromarray(imaging.resize_to_longest(picture, cell))


def _font() -> Any:
    # Pillow's own font lacks ×; this one comes with matplotlib on every system.
    return ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSans.ttf", TEXT)


def _wrapped(text: str, width: int, font: Any) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) > width and lines[-1]:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
