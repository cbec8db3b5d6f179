"""How a training clip's pictures vary, on the device: colours and size, the same in all frames."""

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float


def jitter(
    frames: Float[Array, "b t h w 3"],
    key: Array,
    colour: float,
    zoom: float,
    inverted: Bool[Array, " b"],
) -> Float[Array, "b t h w 3"]:
    """Normalised frames in other colours and of another size; the draws are a clip's own.

    Channels are mixed by I + colour · N(0, 1) and shifted likewise: hue, saturation, contrast and
    brightness vary at once, as skin, clothes, walls and cameras do. Of clips that are `inverted`
    light and dark change places first. Width and height are enlarged or shrunk by up to the share
    `zoom` about the middle, bilinear; where a shrunk frame ends its edge goes on.
    """
    clips, _, height, width, _ = frames.shape
    of_mix, of_shift, of_zoom = jax.random.split(key, 3)
    mix = jnp.eye(3) + colour * jax.random.normal(of_mix, (clips, 3, 3))
    mix = jnp.where(inverted[:, None, None], -mix, mix)
    shift = colour * jax.random.normal(of_shift, (clips, 1, 1, 1, 3))
    factors = jax.random.uniform(of_zoom, (2, clips), minval=1 - zoom, maxval=1 + zoom)
    rows, columns = (
        jax.vmap(resize_matrix, (None, 0))(size, own)
        for size, own in zip((height, width), factors, strict=True)
    )
    # All of a line in one product, its channels too: products of three channels take their time.
    of_line = jnp.einsum("bxw,bcd->bwcxd", columns, mix).reshape(clips, 3 * width, 3 * width)
    rows, of_line, shift = (x.astype(frames.dtype) for x in (rows, of_line, shift))
    lines = frames.reshape(*frames.shape[:3], 3 * width)
    lines = jnp.einsum("byh,bthi->btyi", rows, lines)
    return jnp.einsum("btyi,bij->btyj", lines, of_line).reshape(frames.shape) + shift


def resize_matrix(size: int, factor: Float[Array, ""]) -> Float[Array, "{size} {size}"]:
    """From a line of pixels to the line `factor` times as large about its middle."""
    middle = (size - 1) / 2
    source = jnp.clip((jnp.arange(size) - middle) / factor + middle, 0, size - 1)
    return jnp.maximum(0, 1 - jnp.abs(source[:, None] - jnp.arange(size)))
