"""What happens to stored frames on the device: crop, flip, normalise."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jaxtyping import Bool, DTypeLike, Float, Int, UInt8

from sfsign_jax.data.times import HIGHEST_RATE, LOWEST_RATE

MEAN, STD = 0.45, 0.225
CROP_MULTIPLE = 32  # the backbone halves height and width five times
MOST_PIXELS_A_SIDE = 2048  # of stored frames; the published ones have 256


@dataclasses.dataclass(frozen=True)
class Preprocessing:
    """How frames are stored (height, width) and which part of them the model sees.

    Raises:
        ValueError: there are no such frames, or the crop does not fit into them.
    """

    frame_size: tuple[int, int] = (256, 256)
    crop_size: tuple[int, int] = (224, 224)
    drop_top_rows: int = 0  # on the host, before the crop; the rest is stretched (CSL-Daily)
    frame_rate: float | None = None  # frames a second of the training clips, where known

    def __post_init__(self):
        check_stored_frames(self.frame_size, self.drop_top_rows, self.frame_rate)
        if any(
            not 1 <= crop <= size or crop % CROP_MULTIPLE
            for crop, size in zip(self.crop_size, self.frame_size, strict=True)
        ):
            raise ValueError(
                f"crop_size is {self.crop_size}: multiples of {CROP_MULTIPLE} that fit into "
                f"frames of {self.frame_size}"
            )

    @property
    def centre(self) -> tuple[int, int]:
        """Top and left of the centre crop: the test transform."""
        (height, width), (crop_height, crop_width) = self.frame_size, self.crop_size
        return (height - crop_height) // 2, (width - crop_width) // 2

    def centre_crop(
        self, frames: UInt8[np.ndarray, "n height width 3"]
    ) -> UInt8[np.ndarray, "n h w 3"]:
        """What the model sees of stored frames."""
        (top, left), (height, width) = self.centre, self.crop_size
        return frames[:, top : top + height, left : left + width]


def check_stored_frames(
    frame_size: tuple[int, int], drop_top_rows: int, frame_rate: float | None
) -> None:
    """Raises ValueError where no frames are stored like that."""
    if not all(1 <= size <= MOST_PIXELS_A_SIDE for size in frame_size):
        raise ValueError(f"frame_size is {frame_size}: 1 to {MOST_PIXELS_A_SIDE} a side")
    if not 0 <= drop_top_rows < frame_size[0]:
        raise ValueError(
            f"drop_top_rows is {drop_top_rows}, but the frames have {frame_size[0]} rows"
        )
    if frame_rate is not None and not LOWEST_RATE <= frame_rate <= HIGHEST_RATE:
        raise ValueError(
            f"frame_rate is {frame_rate}: from {LOWEST_RATE:g} to {HIGHEST_RATE:g} frames a second"
        )


def crop_flip_normalize(
    frames: UInt8[Array, "b n height width 3"],
    corner: Int[Array, "b 2"],
    flip: Bool[Array, " b"],
    crop_size: tuple[int, int],
    dtype: DTypeLike = jnp.float32,
) -> Float[Array, "b n h w 3"]:
    """One crop (from `corner`: top, left) and one horizontal flip a clip; (x/255 - 0.45)/0.225."""

    def crop(clip, corner):
        return lax.dynamic_slice_in_dim(
            lax.dynamic_slice_in_dim(clip, corner[0], crop_size[0], axis=1),
            corner[1],
            crop_size[1],
            axis=2,
        )

    cropped = jax.vmap(crop)(frames, corner)
    cropped = jnp.where(flip[:, None, None, None, None], cropped[:, :, :, ::-1], cropped)
    pixels = cropped.astype(jnp.promote_types(dtype, jnp.float32))
    return ((pixels / 255 - MEAN) / STD).astype(dtype)
