"""Write the fonts of figures, and the widths of their letters: `python tools/figure_fonts.py`.

Needs fonttools and the DejaVu fonts (https://dejavu-fonts.github.io/License.html allows parts of them). The fonts hold
the letters that tokens of most European languages need, so that figures look alike on machines without any font. Run it
again to add letters.
"""

from __future__ import annotations

import json
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

ROOT = Path(__file__).parents[1]
SOURCE = Path("/usr/share/fonts/truetype/dejavu")
FONTS = ROOT / "python" / "headscope" / "export" / "figures" / "fonts"
WIDTHS = ROOT / "src" / "figure" / "paper" / "letter-widths.ts"
NAMES = ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSansMono", "DejaVuSansMono-Bold")
RANGES: tuple[tuple[int, int], ...] = (
    (0x20, 0x7E), (0xA0, 0x192), (0x1A0, 0x1B0), (0x218, 0x21B), (0x259, 0x259), (0x2B0, 0x341), (0x370, 0x45F),
    (0x490, 0x491), (0x1E00, 0x1EFF), (0x2010, 0x2027), (0x2030, 0x205E), (0x2070, 0x209C), (0x20A0, 0x20BF),
    (0x2100, 0x2122), (0x2190, 0x21AF), (0x21E5, 0x21E5), (0x2200, 0x2265), (0x22C5, 0x22C5), (0x23CE, 0x23CE),
    (0x2400, 0x2424), (0x2581, 0x2588), (0x25A0, 0x25A1), (0x25CF, 0x25CF), (0xFFFD, 0xFFFD),
)  # fmt: skip
MEASURED = tuple(range(0x20, 0x180))
"""The letters whose widths are written down; others count as wide as the widest Latin ones of their kind."""
STEP = 64
"""Widths are rounded up to an em divided by this."""


def main() -> None:
    """Write both."""
    FONTS.mkdir(exist_ok=True)
    letters = sorted({code for first, last in RANGES for code in range(first, last + 1)})
    widths = {}
    for name in NAMES:
        font = TTFont(SOURCE / f"{name}.ttf")
        if "Mono" not in name:
            widths[name] = "".join(_width(font, code) for code in MEASURED)
        options = subset.Options(layout_features=["kern", "mark", "mkmk", "ccmp"], hinting=False, notdef_outline=True)
        cut = subset.Subsetter(options)
        cut.populate(unicodes=letters)
        cut.subset(font)
        font.save(FONTS / f"{name}.ttf")
    lines = (
        f"export const {name} =\n  {json.dumps(text)};\n"
        for name, text in zip(("PLAIN", "BOLD"), widths.values(), strict=True)
    )
    WIDTHS.write_text(
        "// Written by tools/figure_fonts.py. Do not edit.\n\n"
        f"/** The first letter whose width is listed, and the parts of an em that widths are counted in. */\n"
        f"export const FIRST = {MEASURED[0]};\nexport const PARTS = {STEP};\n\n"
        "/** The width of each letter as a character: its code minus that of a space. */\n" + "\n".join(lines)
    )


def _width(font: TTFont, code: int) -> str:
    name = font.getBestCmap().get(code)
    units = font["hmtx"][name][0] if name else font["head"].unitsPerEm
    return chr(32 + -(-units * STEP // font["head"].unitsPerEm))


if __name__ == "__main__":
    main()
