"""How a training clip's pictures vary, on the device: colours and size, the same in all frames."""

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float


def mix_colours(
    frames: Float[Array, "b t h w 3"], key: Array, strength: float
) -> Float[Array, "b t h w 3"]:
    """Normalised frames, their channels mixed by I + strength · N(0, 1) and shifted likewise.

    One draw a clip: hue, saturation, contrast and brightness vary at once, as skin, clothes, walls
    and cameras do.
    """
    of_mix, of_shift = jax.random.split(key)
    mix = jnp.eye(3) + strength * jax.random.normal(of_mix, (len(frames), 3, 3))
    shift = strength * jax.random.normal(of_shift, (len(frames), 1, 1, 1, 3))
    mixed = jnp.einsum("bthwc,bcd->bthwd", frames, mix.astype(frames.dtype))
    return mixed + shift.astype(frames.dtype)


def zoom(frames: Float[Array, "b t h w 3"], key: Array, share: float) -> Float[Array, "b t h w 3"]:
    """Frames enlarged or shrunk by up to `share`, width and height each by their own draw a clip.

    About the middle, bilinear; where a shrunk frame ends its edge goes on.
    """
    clips, _, height, width, _ = frames.shape
    factor = jax.random.uniform(key, (2, clips), minval=1 - share, maxval=1 + share)
    rows, columns = (
        jax.vmap(resize_matrix, (None, 0))(size, own)
        for size, own in zip((height, width), factor, strict=True)
    )
    return jnp.einsum(
        "bthwc,byh,bxw->btyxc", frames, rows.astype(frames.dtype), columns.astype(frames.dtype)
    )


def resize_matrix(size: int, factor: Float[Array, ""]) -> Float[Array, "{size} {size}"]:
    """From a line of pixels to the line `factor` times as large about its middle."""
    middle = (size - 1) / 2
    source = jnp.clip((jnp.arange(size) - middle) / factor + middle, 0, size - 1)
    return jnp.maximum(0, 1 - jnp.abs(source[:, None] - jnp.arange(size)))
