"""Beam search beside the C++ decoder that torchaudio uses (flashlight-text), in turn.

python benchmarks/decoding.py [--clips 64] [--steps 60] [--rounds 5]

Both keep ten beams of the forty likeliest of 1,296 classes a step, without a language model, on
the same log-probabilities: blanks, with peaks of a few steps for glosses, as trained networks give.
"""

import argparse
import functools

import numpy as np
from contestants import CLASSES, Round
from measure import in_turn

BEAMS, SYMBOLS = 10, 40


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=64)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    shape = (arguments.clips, arguments.steps, CLASSES)
    sides = {"ours": functools.partial(ours, shape), "C++": functools.partial(flashlight, shape)}
    figures = in_turn(sides, arguments.rounds)
    print(
        f"| beam search, {arguments.clips} clips of {arguments.steps} steps | median |\n|---|---|"
    )
    for name, side in figures.items():
        ratio = figures["C++"].seconds / side.seconds
        print(f"| {name} | {side.seconds * 1000:.0f} ms, {ratio:.2f} of the C++ decoder |")


def log_probabilities(shape: tuple[int, int, int]) -> np.ndarray:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=shape).astype(np.float32)
    logits[..., 0] += 8
    for clip in logits:
        for step in range(3, shape[1], 6):
            clip[step : step + 2, rng.integers(1, shape[2])] += 9
    return logits - np.log(np.exp(logits).sum(-1, keepdims=True))


def ours(shape: tuple[int, int, int]) -> Round:
    import jax

    from sfsign_jax.decoding import beam_search

    log_probs = log_probabilities(shape)
    num_steps = np.full(shape[0], shape[1], np.int32)
    return lambda: jax.device_get(beam_search(log_probs, num_steps, BEAMS, SYMBOLS))


def flashlight(shape: tuple[int, int, int]) -> Round:
    from flashlight.lib.text import decoder as text

    log_probs = log_probabilities(shape)
    options = text.LexiconFreeDecoderOptions(
        beam_size=BEAMS,
        beam_size_token=SYMBOLS,
        beam_threshold=1e9,
        lm_weight=0.0,
        sil_score=0.0,
        log_add=True,
        criterion_type=text.CriterionType.CTC,
    )
    decoder = text.LexiconFreeDecoder(options, text.ZeroLM(), -1, 0, [])
    return lambda: [decoder.decode(clip.ctypes.data, *clip.shape) for clip in log_probs]


if __name__ == "__main__":
    main()
