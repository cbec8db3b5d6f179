"""The convolution layer of the backbone."""

from flax import nnx
from jax import Array
from jaxtyping import Float, Int

from sfsign_jax.models.initializers import Rng, kaiming_normal
from sfsign_jax.models.lowering import conv3d


class Convolution(nnx.Module):
    """A convolution over (time, height, width) without bias, padding k // 2.

    Kaiming normal, fan-out. Steps past a clip's length are zero to it, as if the clip ended there.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: tuple[int, int, int],
        *,
        time_stride: int = 1,
        space_stride: int = 1,
        rng: Rng,
    ):
        shape = (*kernel_size, in_channels, out_channels)
        self.kernel = nnx.Param(kaiming_normal(rng, shape))
        self.time_stride = time_stride
        self.space_stride = space_stride

    def __call__(
        self, x: Float[Array, "b t h w i"], length: Int[Array, " b"]
    ) -> Float[Array, "b t_out h_out w_out o"]:
        return conv3d(x, self.kernel[...], length, self.time_stride, self.space_stride)
