"""Variation while training: mirrored, cropped, lighter, darker, paler."""

import tensorflow as tf


def mirrored(pixels: tf.Tensor, objects: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Turn left and right about in half of the pictures."""
    flip = tf.random.uniform((tf.shape(pixels)[0], 1, 1)) < 0.5
    kind, left, top, right, bottom = tf.split(objects, 5, axis=-1)
    other = tf.concat([kind, 1 - right, top, 1 - left, bottom], axis=-1)
    return tf.where(flip[..., None], pixels[:, :, ::-1], pixels), tf.where(flip, other, objects)


def cropped(pixels: tf.Tensor, objects: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Enlarge a part of half of the pictures; objects that are cut to less than two fifths are forgotten."""
    count, side = tf.shape(pixels)[0], tf.shape(pixels)[1]
    share = tf.where(tf.random.uniform((count, 1)) < 0.5, 1.0, tf.random.uniform((count, 2), 0.7, 1.0))
    start = tf.random.uniform((count, 2)) * (1 - share)
    window = tf.concat([start[:, ::-1], (start + share)[:, ::-1]], axis=1)
    pixels = tf.image.crop_and_resize(pixels, window, tf.range(count), (side, side))
    moved = (tf.reshape(objects[..., 1:], (count, -1, 2, 2)) - start[:, None, None]) / share[:, None, None]
    seen = tf.clip_by_value(moved, 0.0, 1.0)
    left = tf.reduce_prod(seen[:, :, 1] - seen[:, :, 0], -1) / (
        tf.reduce_prod(moved[:, :, 1] - moved[:, :, 0], -1) + 1e-9
    )
    kind = tf.where(left > 0.4, objects[..., 0], -1.0)
    return pixels, tf.concat([kind[..., None], tf.reshape(seen, (count, -1, 4))], axis=-1)


def relit(pixels: tf.Tensor) -> tf.Tensor:
    """Change brightness, contrast, tint and saturation of N x H x W x 3 float32 pixels in 0 to 255."""
    shape = (tf.shape(pixels)[0], 1, 1, 1)
    middle = tf.reduce_mean(pixels, axis=(1, 2, 3), keepdims=True)
    grey = tf.reduce_mean(pixels, axis=3, keepdims=True)
    pixels = grey + (pixels - grey) * tf.random.uniform(shape, 0.2, 1.3)
    pixels = middle + (pixels - middle) * tf.random.uniform(shape, 0.75, 1.2)
    pixels *= tf.random.uniform(shape, 0.7, 1.25) * tf.random.uniform((shape[0], 1, 1, 3), 0.93, 1.07)
    return tf.clip_by_value(pixels, 0.0, 255.0)


def varied(pixels: tf.Tensor, objects: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return another look of a batch: N x H x W x 3 uint8 and N x M x 5 float32, both as the network takes them."""
    pixels, objects = cropped(*mirrored(tf.cast(pixels, tf.float32), objects))
    return relit(pixels), objects
