"""A trained model ready to use: clips of frames in, logits or glosses out."""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Float, Int, UInt8

from sfsign_jax.data.batching import LENGTH_MULTIPLE, bucket_of, stack_clips
from sfsign_jax.data.frames import Frame, as_stored, without_top_rows
from sfsign_jax.data.transforms import Preprocessing
from sfsign_jax.decoding import UNKNOWN_TIMING, Timing
from sfsign_jax.errors import UserError
from sfsign_jax.models.config import ModelConfig
from sfsign_jax.models.lengths import total_stride, video_length
from sfsign_jax.models.sign_model import Padding, for_inference
from sfsign_jax.recognition.grad_cam import ActivationMap, explain
from sfsign_jax.recognition.network import (
    ClipLogits,
    Network,
    clip_logits,
    feature_logits,
    frame_features,
    phases,
    step_logits,
)
from sfsign_jax.recognition.result import (
    Recognition,
    alignment_of,
    recognition_of,
    tokens_of,
)
from sfsign_jax.recognition.sentences import PauseRule, sentences, usual_pause
from sfsign_jax.recognition.video import video_steps
from sfsign_jax.sharing import open_checkpoint

# Below even odds: a picture that jumps in a pause looks like the beginning of a sign.
PAUSE_BLANK_PROBABILITY = 1 / 3


class Recognizer:
    """Recognises signing in clips; made by `sfsign_jax.load`."""

    def __init__(
        self,
        network: Network,
        vocabulary: tuple[str, ...] | None,
        timing: Timing = UNKNOWN_TIMING,
    ):
        self.network = network
        self.vocabulary = vocabulary
        self.timing = timing

    @property
    def config(self) -> ModelConfig:
        return self.network.config

    @property
    def preprocessing(self) -> Preprocessing:
        return self.network.preprocessing

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
        logits = self._bucket_logits(clips, padding, bucket)
        steps = int(logits.num_steps.max())
        return ClipLogits(
            logits.conv_logits[:, :steps], logits.sequence_logits[:, :steps], logits.num_steps
        )

    def _bucket_logits(
        self, clips: Sequence[np.ndarray], padding: Padding, bucket: int | None
    ) -> ClipLogits:
        """The same with the bucket's steps: few shapes, so few programs."""
        frames, num_frames = self._stacked(clips, bucket)
        return clip_logits(self.network, frames, num_frames, padding=padding)

    def _stacked(
        self, clips: Sequence[np.ndarray], bucket: int | None = None
    ) -> tuple[UInt8[np.ndarray, "b n height width 3"], Int[np.ndarray, " b"]]:
        """Clips as one batch, and how many frames each has."""
        for i, clip in enumerate(clips):
            self._check(clip, f"Clip {i}")
        clips = [self._without_top_rows(clip) for clip in clips]
        longest = max(len(clip) for clip in clips)
        return stack_clips(clips, bucket or bucket_of(longest, [LENGTH_MULTIPLE]))

    def recognize(self, clip: UInt8[np.ndarray, "n height width 3"]) -> Recognition:
        """The glosses of one clip, by beam search over the BiLSTM's logits.

        Raises:
            UserError: as for `logits`, or the checkpoint has no vocabulary.
        """
        vocabulary = self.required_vocabulary()
        frames, num_frames = self._stacked([clip])
        features = frame_features(self.network, frames, num_frames)
        length = video_length(jnp.asarray(num_frames), self.config.temporal_stack)
        moved = phases(self.network, features, length)[:, 0]
        return recognition_of(
            feature_logits(self.network, moved, np.repeat(num_frames, len(moved))),
            vocabulary,
            timing=self.timing,
            frames=(0, len(clip) - 1),
            video_frames=len(clip),
        )

    def recognize_video(
        self,
        frames: Iterable[Frame],
        pause_frames: int | None = None,
        blank_probability: float = PAUSE_BLANK_PROBABILITY,
    ) -> Iterator[Recognition]:
        """The sentences of a video of any length, each as soon as it has ended.

        `frames` are RGB of any size; no more than a few hundred are held at a time. A sentence
        ends where the temporal convolutions' probability of blank stays above
        `blank_probability` for `pause_frames`; by default so long as `usual_pause` says.

        Raises:
            UserError: there are no frames, or the checkpoint has no vocabulary.
        """
        self.required_vocabulary()
        stored = as_stored(frames, self.preprocessing)
        counted = Counted(without_top_rows(stored, self.preprocessing))
        steps = video_steps(self.network, counted)
        free = 0
        for first, sentence in sentences(steps, self.pause_rule(pause_frames, blank_probability)):
            recognition = self.recognize_steps(sentence, first, counted.count, free)
            if recognition.glosses:
                free = recognition.spans[-1][1] + 1
                yield recognition
        if not counted.count:
            raise UserError("the video has no frames")

    def pause_rule(
        self, pause_frames: int | None, blank_probability: float = PAUSE_BLANK_PROBABILITY
    ) -> PauseRule:
        """Where sentences end, with a pause of so many frames."""
        pace, margin = self.timing.pace, self.timing.margin
        stride = total_stride(self.config.temporal_stack)
        frames = usual_pause(pace) if pause_frames is None else pause_frames
        pause_steps = max(2, round(frames / stride))
        # Where nobody has measured it, clips begin as long before their first sign as signs take.
        margin_steps = int(pace if margin is None else margin) // stride
        return PauseRule(pause_steps, blank_probability, min(margin_steps, pause_steps // 2))

    def recognize_steps(
        self,
        inputs: Float[np.ndarray, "steps phases hidden"],
        first: int,
        num_frames: int,
        free: int = 0,
    ) -> Recognition:
        """The glosses of a sentence from what the BiLSTM reads of it.

        `first` is the number of its first step, `num_frames` how many frames the video has so far,
        `free` the first that no sign before it has.

        Raises:
            UserError: the checkpoint has no vocabulary.
        """
        stride, length = total_stride(self.config.temporal_stack), len(inputs)
        frames = (first * stride, min((first + length) * stride, num_frames) - 1)
        # The BiLSTM's lag is that of whole clips: in a pause before the signs it speaks up earlier.
        cut = dataclasses.replace(self.timing, sequence_lag=None)
        sentence = recognition_of(
            self._sentence_logits(inputs),
            self.required_vocabulary(),
            timing=cut if first else self.timing,
            frames=frames,
            video_frames=num_frames,
            free=free,
        )
        return sentence._replace(lag=self.timing.sequence_lag or 0.0)

    def align_video(self, frames: Iterable[Frame], glosses: Sequence[str]) -> Recognition:
        """Where glosses that are known to be signed in a video, in this order, are signed.

        What would be recognised instead is its `alternatives`. `frames` are as for
        `recognize_video`.

        Raises:
            UserError: there are no frames or no glosses, the vocabulary lacks a gloss, the video
                is too short for them, or the checkpoint has no vocabulary.
        """
        vocabulary = self.required_vocabulary()
        tokens_of(glosses, vocabulary)  # before the video is read
        stored = as_stored(frames, self.preprocessing)
        counted = Counted(without_top_rows(stored, self.preprocessing))
        chunks = [chunk.inputs for chunk in video_steps(self.network, counted)]
        if not chunks:
            raise UserError("the video has no frames")
        inputs = np.concatenate(chunks)
        return alignment_of(
            self._sentence_logits(inputs),
            glosses,
            vocabulary,
            timing=self.timing,
            frames=(0, counted.count - 1),
            video_frames=counted.count,
        )

    def _sentence_logits(self, inputs: Float[np.ndarray, "steps phases hidden"]) -> ClipLogits:
        """Its phases as clips, filled up to one of few lengths, so that few are compiled."""
        length = len(inputs)
        rest = bucket_of(length, [LENGTH_MULTIPLE]) - length
        padded = np.pad(inputs.swapaxes(0, 1), [(0, 0), (0, rest), (0, 0)])
        return step_logits(self.network, padded, np.full(len(padded), length, np.int32))

    def explain(
        self, clip: UInt8[np.ndarray, "n height width 3"], recognition: Recognition
    ) -> Iterator[tuple[ActivationMap, ActivationMap]]:
        """Where the slow and the fast pathway saw each gloss.

        `clip` is all frames of `recognition.frames`, as stored.

        Raises:
            UserError: as for `logits`.
        """
        self._check(clip, "The clip")
        return explain(self.network, self._without_top_rows(clip), recognition)

    def required_vocabulary(self) -> tuple[str, ...]:
        """The vocabulary.

        Raises:
            UserError: the checkpoint has none.
        """
        if self.vocabulary is None:
            raise UserError(
                "this checkpoint has no vocabulary, so its classes have no names: convert it "
                "again with --vocabulary FILE"
            )
        return self.vocabulary

    def _without_top_rows(self, clip: np.ndarray) -> np.ndarray:
        """Stored frames as the network gets them."""
        if not self.preprocessing.drop_top_rows:
            return clip
        return np.stack([*without_top_rows(clip, self.preprocessing)])

    def _check(self, clip: np.ndarray, name: str) -> None:
        expected = (*self.preprocessing.frame_size, 3)
        if clip.ndim != 4 or clip.shape[1:] != expected or clip.dtype != np.uint8:
            raise UserError(
                f"{name} is {clip.dtype} of shape {clip.shape}; this model takes uint8 frames of "
                f"shape (frames, {', '.join(map(str, expected))})."
            )
        if len(clip) == 0:
            raise UserError(f"{name} has no frames")


class Counted:
    """An iterable that knows how many of its items were taken."""

    def __init__(self, items: Iterable[Frame]):
        self.items = items
        self.count = 0

    def __iter__(self) -> Iterator[Frame]:
        for item in self.items:
            self.count += 1
            yield item


def load(checkpoint: str | Path) -> Recognizer:
    """The recogniser of a checkpoint, on the default device.

    `checkpoint` is a folder, hf://owner/name[@revision] or https://….zip.

    Raises:
        UserError: there is no checkpoint, or it is damaged.
        ModuleNotFoundError: it is on the hub, and the hub's client is not installed.
    """
    model, description = open_checkpoint(checkpoint)
    model = for_inference(model)
    network = Network(nnx.state(model), model.config, description.preprocessing)
    return Recognizer(network, description.vocabulary, description.timing or UNKNOWN_TIMING)
