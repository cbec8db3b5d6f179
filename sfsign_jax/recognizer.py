"""A trained model ready to use: clips of frames in, logits or glosses out."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np
from flax import nnx
from jaxtyping import UInt8

from sfsign_jax.checkpoint import load_checkpoint
from sfsign_jax.data.batching import bucket_of, stack_clips
from sfsign_jax.data.frames import drop_top
from sfsign_jax.data.transforms import Preprocessing
from sfsign_jax.decoding import align_tokens, beam_search
from sfsign_jax.errors import UserError
from sfsign_jax.inference import ClipLogits, clip_logits
from sfsign_jax.models.padding import total_stride
from sfsign_jax.models.sign_model import ModelConfig, Padding, SignModel, main_path_only

BUCKET = 32  # clips are filled up to a multiple of this many frames, so that few programs compile


class Alternative(NamedTuple):
    glosses: tuple[str, ...]
    log_probability: float


class Recognition(NamedTuple):
    """What is signed in a clip."""

    glosses: tuple[str, ...]
    tokens: tuple[int, ...]  # the class of each gloss
    spans: tuple[tuple[int, int], ...]  # first and last frame of each gloss
    log_probability: float  # of the glosses, given the clip
    alternatives: tuple[Alternative, ...]  # the next best, best first
    posteriors: np.ndarray  # (steps, classes): probability of blank and of each gloss


class Recognizer:
    """Recognises signing in clips; made by `sfsign_jax.load`."""

    def __init__(
        self, model: SignModel, vocabulary: tuple[str, ...] | None, preprocessing: Preprocessing
    ):
        self.model = model
        self.vocabulary = vocabulary
        self.preprocessing = preprocessing
        self._state = nnx.state(model)

    @property
    def config(self) -> ModelConfig:
        return self.model.config

    def logits(
        self,
        clips: Sequence[UInt8[np.ndarray, "n height width 3"]],
        padding: Padding = "masked",
        bucket: int | None = None,
    ) -> ClipLogits:
        """Logits of clips of frames as stored (RGB, the checkpoint's frame size), as one batch.

        The batch has `bucket` frames; by default the next multiple of 32 of the longest clip.

        Raises:
            UserError: a clip has no frames, another frame size or another dtype.
        """
        for i, clip in enumerate(clips):
            self._check(clip, f"Clip {i}")
        if rows := self.preprocessing.drop_top_rows:
            clips = [np.stack([drop_top(frame, rows) for frame in clip]) for clip in clips]
        longest = max(len(clip) for clip in clips)
        frames, num_frames = stack_clips(clips, bucket or bucket_of(longest, [BUCKET]))
        logits = clip_logits(
            self._state,
            frames,
            num_frames,
            config=self.config,
            preprocessing=self.preprocessing,
            padding=padding,
        )
        steps = int(logits.num_steps.max())
        return ClipLogits(
            logits.conv_logits[:, :steps], logits.sequence_logits[:, :steps], logits.num_steps
        )

    def recognize(self, clip: UInt8[np.ndarray, "n height width 3"]) -> Recognition:
        """The glosses of one clip, by beam search over the BiLSTM's logits.

        Raises:
            UserError: as for `logits`, or the checkpoint has no vocabulary.
        """
        if self.vocabulary is None:
            raise UserError(
                "this checkpoint has no vocabulary, so its classes have no names: convert it "
                "again with --vocabulary FILE"
            )
        logits = self.logits([clip])
        log_probs = jax.nn.log_softmax(logits.sequence_logits)
        beams = beam_search(log_probs, logits.num_steps)
        tokens, lengths, scores = (np.asarray(x[0]) for x in beams)
        stride = total_stride(self.config.temporal_stack)
        first, last = align_tokens(log_probs[0], logits.num_steps[0], tokens[0], lengths[0])
        starts = np.asarray(first)[: lengths[0]] * stride
        ends = np.minimum(np.asarray(last)[: lengths[0]] * stride + stride, len(clip)) - 1
        named = [
            Alternative(tuple(self.vocabulary[token - 1] for token in row[:length]), float(score))
            for row, length, score in zip(tokens, lengths, scores, strict=True)
            if np.isfinite(score)
        ]
        return Recognition(
            glosses=named[0].glosses,
            tokens=tuple(tokens[0, : lengths[0]].tolist()),
            spans=tuple(zip(starts.tolist(), ends.tolist(), strict=True)),
            log_probability=named[0].log_probability,
            alternatives=tuple(named[1:]),
            posteriors=np.exp(log_probs[0]),
        )

    def _check(self, clip: np.ndarray, name: str) -> None:
        expected = (*self.preprocessing.frame_size, 3)
        if clip.ndim != 4 or clip.shape[1:] != expected or clip.dtype != np.uint8:
            raise UserError(
                f"{name} is {clip.dtype} of shape {clip.shape}; this model takes uint8 frames of "
                f"shape (frames, {', '.join(map(str, expected))})."
            )
        if len(clip) == 0:
            raise UserError(f"{name} has no frames")


def load(directory: str | Path) -> Recognizer:
    """The recogniser in a checkpoint folder, on the default device.

    Raises:
        UserError: the folder is not a checkpoint.
    """
    model, description = load_checkpoint(Path(directory))
    return Recognizer(main_path_only(model), description.vocabulary, description.preprocessing)
