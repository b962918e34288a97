"""Words and fonts: everything that is written on a rendered page."""

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from random import Random

from PIL import ImageFont

SERIF = ("STIXGeneral.ttf", "STIXGeneralBol.ttf", "STIXGeneralItalic.ttf")
ROMAN = ("DejaVuSerif.ttf", "DejaVuSerif-Bold.ttf", "DejaVuSerif-Italic.ttf")
SANS = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSans-Oblique.ttf")
MONO = ("DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf", "DejaVuSansMono-Oblique.ttf")
FAMILIES = (SERIF, SERIF, SERIF, ROMAN, SANS, SANS, MONO)

WORDS = Path(__file__).with_name("words.txt").read_text(encoding="utf-8").split()


@lru_cache(maxsize=1)
def font_folder() -> Path | None:
    """Return the folder of matplotlib's fonts without importing matplotlib, or None where it is missing."""
    spec = find_spec("matplotlib")
    return Path(spec.origin).parent / "mpl-data/fonts/ttf" if spec and spec.origin else None


@lru_cache(maxsize=512)
def font(name: str, pixels: int) -> ImageFont.FreeTypeFont:
    """Return the font of file `name`, `pixels` high; Pillow's own font where matplotlib is missing."""
    folder = font_folder()
    return ImageFont.truetype(folder / name, pixels) if folder else ImageFont.load_default(pixels)


def words(r: Random, least: int, most: int) -> str:
    """Return between `least` and `most` words, the first one with a capital letter."""
    return " ".join(r.choices(WORDS, k=r.randint(least, most))).capitalize()


def clipped(text: str, letters: float) -> str:
    """Return `text` without the words at its end that make it longer than `letters`."""
    return text if len(text) <= letters else text[: int(letters)].rpartition(" ")[0]


def sentence(r: Random) -> str:
    """Return one sentence, now and then with a number or a comma in it."""
    text = words(r, 5, 16).split()
    if r.random() < 0.3:
        text.insert(r.randrange(len(text)), f"{r.uniform(1, 2000):.{r.randint(0, 2)}f}")
    if len(text) > 8:
        text[r.randrange(2, 6)] += ","
    return " ".join(text) + "."


def number(r: Random) -> str:
    """Return a number as it stands in a table."""
    return r.choice(
        (
            f"{r.uniform(0, 100):.1f}",
            f"{r.randint(0, 9999):,}",
            f"{r.uniform(0, 1):.3f}",
            f"{r.randint(1, 99)} %",
        )
    )
