"""Pictures inside of TensorFlow's graphs, decoded and stretched to the bit as runner does it for the other formats.

TensorFlow's usual ways are near, a grey level or a half off, and that much moves boxes of a detector by some percent.
"""

from __future__ import annotations

from typing import Any

from runner_train.runtime import tf


def decode_picture(data: Any) -> Any:
    """H x W x 3 uint8 of an encoded picture: JPEG, PNG, BMP, or the first picture of a GIF.

    JPEGs by the exact transform, as libjpeg-turbo and Pillow decode them; ``decode_image`` has the fast one alone.
    """
    return tf.cond(
        tf.io.is_jpeg(data),
        lambda: tf.io.decode_jpeg(data, channels=3, dct_method="INTEGER_ACCURATE"),
        lambda: tf.io.decode_image(data, channels=3, expand_animations=False),
    )


def stretch(pixels: Any, size: tuple[int, int]) -> Any:
    """1 x H x W x 3 uint8 as float32 of the (height, width) ``size``, in whole numbers.

    Source: ``bilinear`` in runner_core/frames/resize.py; float32 holds whole numbers and 256ths below 256. The resize
    in the end changes nothing: by it readers of the graph know the size, and exporters where to cut.
    """
    rows = _blend_neighbours(pixels, size[0], axis=1)
    whole = _blend_neighbours(rows, size[1], axis=2)
    return tf.raw_ops.ResizeBilinear(images=whole, size=size, half_pixel_centers=True)


def _blend_neighbours(values: Any, length: int, axis: int) -> Any:
    """So many lines or columns, each of the two that are nearest to it, weighted by 256ths and rounded."""
    side = tf.shape(values)[axis]
    centres = (tf.range(length, dtype=tf.float64) + 0.5) * tf.cast(side, tf.float64) / length
    position = tf.clip_by_value(tf.cast(centres - 0.5, tf.float32), 0.0, tf.cast(side - 1, tf.float32))
    first = tf.cast(position, tf.int32)
    share = tf.round((tf.cast(position, tf.float64) - tf.cast(first, tf.float64)) * 256) / 256
    share = tf.reshape(tf.cast(share, tf.float32), (-1, 1, 1) if axis == 1 else (-1, 1))
    one, other = (
        tf.cast(tf.gather(values, at, axis=axis), tf.float32) for at in (first, tf.minimum(first + 1, side - 1))
    )
    return tf.floor(one + (other - one) * share + 0.5)
