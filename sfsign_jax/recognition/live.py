"""Glosses of a video that has not ended: as soon as they are old enough to be believed.

What a network says of a moment changes with what follows it: the backbone sees two seconds and a
half ahead, the BiLSTM all there is. So every `hop_frames` all that has been seen since the last
pause is recognised as if the video ended there; a gloss counts from when it is `delay_frames` old,
and is never taken back.
"""

from collections.abc import Iterable, Iterator

import numpy as np
from jaxtyping import Float

from sfsign_jax.data.batching import LENGTH_MULTIPLE
from sfsign_jax.data.frames import Frame, as_stored, without_top_rows
from sfsign_jax.models.lengths import num_steps, total_stride
from sfsign_jax.recognition.live_features import live_features
from sfsign_jax.recognition.network import Network
from sfsign_jax.recognition.recognizer import Recognizer
from sfsign_jax.recognition.sentences import StepChunk, find_sentences, passed_steps
from sfsign_jax.recognition.video import step_chunk

Gloss = tuple[str, tuple[int, int]]  # and its first and last frame


def live_glosses(
    recognizer: Recognizer,
    frames: Iterable[Frame],
    *,
    delay_frames: int,
    hop_frames: int,
    pause_frames: int | None = None,
) -> Iterator[Gloss]:
    """Every gloss once it is `delay_frames` old, or at the end of the video.

    `hop_frames` is rounded up to a multiple of alpha.

    Raises:
        UserError: the checkpoint has no vocabulary.
    """
    network = recognizer.network
    config, preprocessing = network.config, network.preprocessing
    stride, alpha = total_stride(config.temporal_stack), config.backbone.alpha
    pause_rule = recognizer.pause_rule(pause_frames)
    history = np.zeros((0, sum(config.backbone.channels)), np.float32)
    start = 0  # the step that the history begins with
    last_gloss, last_frame = "", -1  # the last gloss, and its last frame
    for update in live_features(
        network,
        without_top_rows(as_stored(frames, preprocessing), preprocessing),
        hop_frames=-(-hop_frames // alpha) * alpha,
    ):
        history = np.concatenate([history, update.settled])
        inputs, blank = steps_of(network, np.concatenate([history, update.ahead]))
        # What lies ahead changes with every look, so only what is settled can be over.
        settled = num_steps(len(history), config.temporal_stack)
        found = find_sentences(blank, pause_rule)
        ended = [(first, stop) for first, stop in found if stop <= settled]
        passed = passed_steps(blank[:settled], ended, pause_rule)
        for first, stop in found:
            sentence = recognizer.recognize_steps(
                inputs[first:stop], start + first, update.num_frames
            )
            for gloss, span in zip(sentence.glosses, sentence.spans, strict=True):
                old = (
                    update.is_last
                    # Counted from when it is said, which is all that has to settle.
                    or span[1] + recognizer.timing.conv_lag + delay_frames < update.num_frames
                    or stop <= settled
                )
                # A gloss that was told may move by a step when more of what follows is seen.
                again = gloss == last_gloss and span[0] <= last_frame + stride
                if old and span[0] > last_frame and not again:
                    last_gloss, last_frame = gloss, span[1]
                    yield gloss, span
        history, start = history[passed * stride :], start + passed


def steps_of(network: Network, features: Float[np.ndarray, "t c"]) -> StepChunk:
    """Few lengths are computed, so that few programs are compiled."""
    padded = np.pad(features, [(0, -len(features) % (4 * LENGTH_MULTIPLE)), (0, 0)])
    return step_chunk(network, padded[None], len(features))
