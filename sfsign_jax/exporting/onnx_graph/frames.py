"""From stored frames to what the backbone sees."""

import numpy as np
from jaxtyping import Float, UInt8
from spox import Var

from sfsign_jax.data.transforms import MEAN, STD, Preprocessing
from sfsign_jax.exporting.onnx_graph.operators import floats, integers, op, part_of


def normalized_crops(
    frames: UInt8[Var, "n height width 3"], preprocessing: Preprocessing
) -> Float[Var, "n 3 h w"]:
    """The test transform, `Network.centre_crops`; rows that training dropped are dropped here."""
    pixels = op.cast(op.transpose(frames, perm=[0, 3, 1, 2]), to=np.float32)
    pixels = without_top_rows(pixels, preprocessing)
    (top, left), (height, width) = preprocessing.centre, preprocessing.crop_size
    pixels = part_of(part_of(pixels, 2, top, top + height), 3, left, left + width)
    return op.div(op.sub(op.div(pixels, floats(255)), floats(MEAN)), floats(STD))


def without_top_rows(
    pixels: Float[Var, "n 3 height width"], preprocessing: Preprocessing
) -> Float[Var, "n 3 height width"]:
    """As `drop_top_rows`, to a level of brightness: that one rounds otherwise."""
    if preprocessing.drop_top_rows == 0:
        return pixels
    rest = part_of(pixels, 2, preprocessing.drop_top_rows)
    size = op.concat([op.shape(rest, end=2), integers(*preprocessing.frame_size)], axis=0)
    return op.round(op.resize(rest, sizes=size, mode="linear"))
