"""Oracle: the PyTorch statement in f64, for a network as wide as the published one."""

from own_process import run_program

# By the compiler's options of the command lines alone, without those of the tests; in a process of
# its own, since XLA reads its flags once.
PROGRAM = """
import dataclasses, sys
import jax, numpy as np, torch
import torch_reference as reference
from flax import nnx
from oracle import oracle_of, small_config, state_of
from sfsign_jax.data.transforms import Preprocessing
from sfsign_jax.recognition.network import Network, feature_logits, frame_features
import sfsign_jax.models.lowering.conv2d as _
import sfsign_jax.models.lowering.conv_time as _
image_convolution = sys.modules["sfsign_jax.models.lowering.conv2d"]
time_convolution = sys.modules["sfsign_jax.models.lowering.conv_time"]
from sfsign_jax.models.sign_model import for_inference, model_with

assert not jax.config.values["jax_disable_most_optimizations"]
torch.set_num_threads(1)
traced = {"winograd_conv2d": [], "winograd_conv_time": []}

def spy(module, name):
    function = getattr(module, name)
    def spied(x, kernel, *more):
        traced[name].append((*x.shape[1:], kernel.shape[-1]))
        return function(x, kernel, *more)
    setattr(module, name, spied)

spy(image_convolution, "winograd_conv2d")
spy(time_convolution, "winograd_conv_time")

config = small_config(depths=(1, 2, 1, 1), width=64, beta_inv=8, pathway_enhancement=False)
oracle = oracle_of(config)
with torch.no_grad():
    for name, tensor in oracle.state_dict().items():
        if name.endswith("conv.weight") or tensor.ndim == 5:  # else the logits of so many grow
            tensor *= 0.5
state = state_of(config, oracle)
main = for_inference(model_with(config, state))
clip = np.random.default_rng(0).integers(0, 256, (1, 16, 72, 72, 3), np.uint8)
network = Network(nnx.state(main), main.config, Preprocessing((72, 72), (64, 64)))
num_frames = np.array([14], np.int32)
features = frame_features(network, clip, num_frames)
ours = features, *feature_logits(network, features, num_frames)[:2]
# Where products were saved: pixels and channels, and steps and channels.
assert {shape[0] for shape in traced["winograd_conv2d"]} == {16, 8}, traced
assert {shape[3] for shape in traced["winograd_conv_time"]} == {512, 1024}, traced

crop = reference.centre_crop(torch.tensor(clip[0, :14]), 64)
def logits_in(dtype):
    padded, lengths = reference.pad_batch([(crop.to(dtype) / 255 - 0.45) / 0.225])
    with torch.no_grad():
        output = oracle.to(dtype)(padded, lengths, aux=False)
    logits = (output["main"][kind] for kind in ("conv_logits", "sequence_logits"))
    return [values[0].numpy() for values in (output["framewise"], *logits)]

exact, single = logits_in(torch.float64), logits_in(torch.float32)
for values, right, theirs in zip(ours, exact, single, strict=True):
    assert len(right) in (4, 28)  # steps, frames
    error, their_error = (
        np.sqrt(np.mean(np.square(x - right))) for x in (values[0, : len(right)], theirs)
    )
    print(error, their_error, right.std())
"""


def test_fewer_products_as_they_ship_err_little_more_than_pytorch():
    """In f32, beside f64: four times as much, as for one convolution (test_time_convolution).

    Of features and logits, by their root mean square, in which a kernel that is wrong by a few
    millionths shows.
    """
    outputs = [tuple(map(float, line.split())) for line in run_program(PROGRAM).splitlines()]
    assert len(outputs) == 3
    for error, of_pytorch, spread in outputs:
        assert of_pytorch < 1e-6 * spread
        assert error < 4 * of_pytorch
