"""The camera: where it stands, what light falls in, and what lens, sensor and JPEG do to the picture."""

from io import BytesIO
from random import Random

import numpy as np
from attrs import frozen
from PIL import Image, ImageDraw, ImageFilter
from texture import Size, cloud, generator


@frozen
class View:
    """A camera above a flat desk: `matrix` (3 x 3) takes picture pixels to desk pixels, both homogeneous."""

    matrix: np.ndarray
    size: Size
    desk: Size

    def to_desk(self, points: np.ndarray) -> np.ndarray:
        """Return the desk pixels (N x 2) of picture pixels (N x 2)."""
        return project(self.matrix, points)

    def to_picture(self, points: np.ndarray) -> np.ndarray:
        """Return the picture pixels (N x 2) of desk pixels (N x 2)."""
        return project(np.linalg.inv(self.matrix), points)

    def take(self, desk: Image.Image, resample: Image.Resampling) -> Image.Image:
        """Return the picture that this camera takes of `desk`."""
        return desk.transform(
            self.size, Image.Transform.PERSPECTIVE, (self.matrix / self.matrix[2, 2]).ravel()[:8], resample
        )


def project(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return `points` (N x 2) seen through a homography."""
    moved = np.c_[points, np.ones(len(points))] @ matrix.T
    return moved[:, :2] / moved[:, 2:]


def rotation(pitch: float, yaw: float, roll: float) -> np.ndarray:
    """Return the 3 x 3 rotation for three angles in degrees."""
    (cp, cy, cr), (sp, sy, sr) = (f(np.radians((pitch, yaw, roll))) for f in (np.cos, np.sin))
    return (
        np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
        @ np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
        @ np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    )


def view(r: Random, size: Size) -> View:
    """Return a camera for pictures of `size`, tilted by up to 35 degrees, above a desk just large enough."""
    width, height = size
    steep = r.choice((4, 12, 12, 24, 34))
    turn = rotation(r.uniform(-0.3, 1) * steep, r.uniform(-0.5, 0.5) * steep, 0)
    focal = max(size) * r.uniform(0.9, 1.6)
    lens = np.array([[1 / focal, 0, -width / 2 / focal], [0, 1 / focal, -height / 2 / focal], [0, 0, 1]])
    corners = project(turn @ lens, np.array([(0, 0), (width, 0), (width, height), (0, height)], float))
    low, high = corners.min(0), corners.max(0)
    scale = 1.2 * max(size) / float((high - low).max())
    place = np.array([[scale, 0, -low[0] * scale], [0, scale, -low[1] * scale], [0, 0, 1]])
    wide, tall = np.ceil((high - low) * scale).astype(int)
    return View(place @ turn @ lens, size, (int(wide), int(tall)))


def light(r: Random, size: Size, clean: bool) -> np.ndarray:
    """Return H x W x 3 float32 factors: a lamp, a slope, vignetting, a tint and perhaps someone's shadow.

    All of it is smooth, so it is made at a third of the size.
    """
    full, size = size, (size[0] // 3, size[1] // 3)
    width, height = size
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    turn, slope = r.uniform(0, 2 * np.pi), r.uniform(0, 0.3)
    field = 1 + slope * (np.cos(turn) * x + np.sin(turn) * y) / 1.4
    if r.random() < 0.35:
        lx, ly = r.uniform(-1, 1), r.uniform(-1, 1)
        field += r.uniform(0.15, 0.5) * (np.exp(-((x - lx) ** 2 + (y - ly) ** 2) / r.uniform(0.4, 1.5)) - 0.5)
    field *= 1 - r.uniform(0, 0.22) * (x * x + y * y) / 2
    field *= 1 + (cloud(r, size, (2, 2), 1) - 0.5) * r.uniform(0, 0.15)
    if r.random() < 0.35:
        field *= 1 - shadow(r, size) * r.uniform(0.15, 0.3 if clean else 0.5)
    warm = r.gauss(0, 0.05)
    field = np.asarray(Image.fromarray(field.astype(np.float32)).resize(full, Image.Resampling.BICUBIC))
    return (
        field[..., None]
        * np.array((1 + warm, 1 + warm * 0.2, 1 - warm), np.float32)
        * r.choice((0.98, 1.02, 1.05) if clean else (0.72, 0.85, 0.93, 1.0, 1.0, 1.08))
    )


def shadow(r: Random, size: Size) -> np.ndarray:
    """Return H x W float32, 1 where something out of sight (a head, a window frame, a lamp's arm) throws its shadow."""
    width, height = size
    mask = Image.new("L", size)
    draw = ImageDraw.Draw(mask)
    if r.random() < 0.5:
        x, y, radius = r.choice((0, width)), r.uniform(0.2, 1.1) * height, r.uniform(0.25, 0.6) * height
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
        draw.rectangle((x - radius * 0.8, y, x + radius * 0.8, height * 2), fill=255)
    else:
        x, lean = r.uniform(0, width), r.uniform(-0.6, 0.6) * height
        for i in range(r.randint(1, 3)):
            left, wide = x + i * width * 0.35, r.uniform(0.05, 0.25) * width
            draw.polygon([(left, 0), (left + wide, 0), (left + wide + lean, height), (left + lean, height)], fill=255)
    return np.asarray(mask.filter(ImageFilter.GaussianBlur(height * r.uniform(0.008, 0.05))), np.float32) / 255


def exposed(r: Random, picture: Image.Image, clean: bool = False) -> Image.Image:
    """Return `picture` as the sensor saw it: lit, blurred and noisy; `clean` is a good camera in good light."""
    pixels = np.asarray(picture, np.float32) * light(r, picture.size, clean)
    random, bad = generator(r), 0.3 if clean else 1.0
    coarse = picture.size[1] / 480
    if clean:  # such a camera also meters: paper comes out nearly white
        pixels *= 236 / np.percentile(pixels[::8, ::8].max(-1), 97)
    noise = r.choice((1, 2, 4, 8)) * bad
    pixels += random.standard_normal((*pixels.shape[:2], 1), np.float32) * noise + random.standard_normal(
        pixels.shape, np.float32
    ) * (noise / 2)
    pixels = (np.clip(pixels / 255, 0, 1) ** r.uniform(0.85, 1.15)) * 255 * r.uniform(0.92, 1.0) + r.uniform(
        0, 14
    ) * bad
    taken = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    if not clean and r.random() < 0.5:
        taken = taken.filter(ImageFilter.GaussianBlur(r.uniform(0.3, 1.6) * coarse))
    return taken


def jpeg(picture: Image.Image, quality: int) -> bytes:
    """Return `picture` as the bytes of a JPEG file."""
    stream = BytesIO()
    picture.save(stream, "JPEG", quality=quality, optimize=True)
    return stream.getvalue()
