"""Glosses of a video that has not ended: as soon as they are old enough to be believed.

What a network says of a moment changes with what follows it: the backbone sees two seconds and a
half ahead, the BiLSTM all there is. So every `hop` frames all that has been seen since the last
pause is recognised as if the video ended there; a gloss counts from when it is `delay` frames old,
and is never taken back.
"""

from collections.abc import Iterable, Iterator

import numpy as np
from jaxtyping import Float

from sfsign_jax.data.batching import BUCKET
from sfsign_jax.data.frames import Frame, as_stored, without_top_rows
from sfsign_jax.models.lengths import num_steps, total_stride
from sfsign_jax.recognition.live_features import live_features
from sfsign_jax.recognition.recognizer import PAUSE, Recognizer
from sfsign_jax.recognition.sentences import MARGIN, Steps, find_sentences, passed_steps
from sfsign_jax.recognition.video import first_of, temporal_steps

Gloss = tuple[str, tuple[int, int]]  # and its first and last frame


def live_glosses(
    recognizer: Recognizer, frames: Iterable[Frame], *, delay: int, hop: int, pause: int = PAUSE
) -> Iterator[Gloss]:
    """Every gloss once it is `delay` frames old, or at the end of the video.

    `hop` is rounded up to a multiple of alpha.

    Raises:
        UserError: the checkpoint has no vocabulary.
    """
    config = recognizer.config
    stride, alpha = total_stride(config.temporal_stack), config.backbone.alpha
    cut = recognizer.cut(pause)
    history = np.zeros((0, sum(config.backbone.channels)), np.float32)
    start = 0  # the step that the history begins with
    told, until = "", -1  # the last gloss, and its last frame
    for look in live_features(
        recognizer.state,
        without_top_rows(as_stored(frames, recognizer.preprocessing), recognizer.preprocessing),
        config=config,
        preprocessing=recognizer.preprocessing,
        hop=-(-hop // alpha) * alpha,
    ):
        history = np.concatenate([history, look.settled])
        inputs, blank = steps_of(recognizer, np.concatenate([history, look.ahead]))
        # What lies ahead changes with every look, so only what is settled can be over.
        settled = max(0, num_steps(len(history), config.temporal_stack))
        found = find_sentences(blank, cut)
        ended = [(first, stop) for first, stop in found if stop <= settled]
        passed = passed_steps(blank[:settled], ended, cut)
        for first, stop in found:
            sentence = recognizer.recognize_steps(inputs[first:stop], start + first, look.seen)
            for gloss, span in zip(sentence.glosses, sentence.spans, strict=True):
                old = look.last or span[1] + delay < look.seen or stop <= passed + MARGIN
                # A gloss that was told may move by a step when more of what follows is seen.
                again = gloss == told and span[0] <= until + stride
                if old and span[0] > until and not again:
                    told, until = gloss, span[1]
                    yield gloss, span
        history, start = history[passed * stride :], start + passed


def steps_of(recognizer: Recognizer, features: Float[np.ndarray, "t c"]) -> Steps:
    """Few lengths are computed, so that few programs are compiled."""
    number = num_steps(len(features), recognizer.config.temporal_stack)
    filled = np.pad(features, [(0, -len(features) % (4 * BUCKET)), (0, 0)])
    steps = temporal_steps(recognizer.state, filled[None], config=recognizer.config)
    return first_of(steps, max(0, number))
