"""The same work by this package and by PyTorch: each function prepares it and returns one round.

Every round starts with its clips on the device, ends with its results on the host. Clips are
random pixels, weights are random.
"""

import dataclasses
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

CLASSES = 1296
GLOSSES = 5  # a clip

Round = Callable[[], object]


@dataclasses.dataclass(frozen=True)
class Work:
    training: bool  # a step of it, or the forward pass of the main path
    clips: int
    frames: int  # of a clip; the network sees 12 more
    size: int  # pixels, height and width
    dtype: str = "float32"  # or bfloat16
    small: bool = False  # a network of few and narrow blocks, to try a benchmark


SMALL = {"depths": (1, 2, 1, 1), "temporal_blocks": (1, 1, 1, 1), "width": 16}


def clips_of(work: Work) -> np.ndarray:
    shape = (work.clips, work.frames, work.size, work.size, 3)
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


def labels_of(work: Work) -> np.ndarray:
    return np.random.default_rng(1).integers(1, CLASSES, (work.clips, GLOSSES), np.int32)


def ours(work: Work) -> Round:
    import jax
    from flax import nnx

    from sfsign_jax.data.transforms import Preprocessing
    from sfsign_jax.models.config import BackboneConfig, ModelConfig
    from sfsign_jax.models.sign_model import for_inference, new_model
    from sfsign_jax.recognition.network import Network, clip_logits
    from sfsign_jax.runtime.memory import keep_freed_memory
    from sfsign_jax.training import Recipe, create_train_state, train_step
    from sfsign_jax.training.state import config_on_device, state_on_device

    keep_freed_memory()  # as the command lines do
    jax.config.update("jax_default_matmul_precision", "tensorfloat32")
    config = ModelConfig(CLASSES, BackboneConfig(**SMALL if work.small else {}))
    size = (work.size, work.size)
    frames, num_frames = jax.device_put((clips_of(work), np.full(work.clips, work.frames)))
    if not work.training:
        model = for_inference(new_model(config))  # as `load` does
        network = Network(nnx.state(model), model.config, Preprocessing(size, size))
        return lambda: jax.device_get(clip_logits(network, frames, num_frames, dtype=work.dtype))
    recipe = Recipe(steps_per_epoch=1, crop_size=size, compute_dtype=work.dtype)
    state = create_train_state(config, recipe)
    config = config_on_device(config)
    state = jax.device_put(state_on_device(state, config))
    batch = {
        "frames": frames,
        "corner": np.zeros((work.clips, 2), np.int32),
        "flip": np.zeros(work.clips, bool),
        "num_frames": num_frames,
        "labels": labels_of(work),
        "num_labels": np.full(work.clips, GLOSSES, np.int32),
    }

    def step():
        nonlocal state
        state, metrics = train_step(state, batch, config=config, recipe=recipe)
        return jax.block_until_ready((state, metrics))

    return step


def pytorch(
    work: Work, channels_last: bool = False, compiled: bool = False, memory_kept: bool = False
) -> Round:
    if memory_kept:
        from sfsign_jax.runtime.memory import keep_freed_memory

        keep_freed_memory()
    import torch
    import torch_reference as reference

    torch.manual_seed(0)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.benchmark = True
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    config = reference.Config(num_classes=CLASSES, **SMALL if work.small else {})
    model = reference.SlowFastSign(config).to(device)
    if channels_last:
        model = model.to(memory_format=torch.channels_last_3d)
    # The backbone holds nearly all of the work; the rest has lengths that depend on the clip.
    if compiled:
        model.conv2d.compile()
    half = torch.autocast(device, torch.bfloat16, enabled=work.dtype == "bfloat16")
    clips = torch.as_tensor(clips_of(work)).to(device)

    def inputs():
        frames, lengths = reference.pad_batch(clips)
        return reference.normalise(frames), lengths

    if not work.training:
        model.eval()

        def forward():
            with torch.inference_mode(), half:
                main = model(*inputs(), aux=False)["main"]
            return main["sequence_logits"].cpu(), main["conv_logits"].cpu()

        return forward
    optimizer = reference.adam(model.train())
    labels = labels_of(work).tolist()

    def step():
        optimizer.zero_grad(set_to_none=True)
        with half:
            loss, _ = reference.training_loss(model(*inputs()), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step
