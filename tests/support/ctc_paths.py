"""Paths of CTC, and posteriors to search."""

import itertools

import jax
import numpy as np


def collapse(path):
    merged = [token for token, _ in itertools.groupby(path)]
    return tuple(token for token in merged if token != 0)


def random_log_probs(rng, clips, steps, symbols):
    logits = rng.normal(size=(clips, steps, symbols)) * rng.choice([0.5, 2, 5], (clips, 1, 1))
    return np.asarray(jax.nn.log_softmax(logits))
