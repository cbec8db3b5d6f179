"""The training objective: CTC on both logits, distillation, and the same on the PFE paths.

Where the recipe asks for it, also that two views of a clip are recognised alike.
"""

import dataclasses

import jax
import jax.numpy as jnp
import optax
from jax import Array
from jaxtyping import Bool, Float, Int

from sfsign_jax.models.config import BLANK_CLASS
from sfsign_jax.models.precision import full_precision
from sfsign_jax.models.sign_model import ModelOutputs, PathOutputs

TEMPERATURE = 8.0
TERMS = ("seq_ctc", "conv_ctc", "distillation")  # of a path


@dataclasses.dataclass(frozen=True)
class LossWeights:
    """The published weights; slow and fast multiply the three terms of their path.

    With `consistency` a batch has two views of every clip, one after the other.
    """

    seq_ctc: float = 1.0
    conv_ctc: float = 1.0
    distillation: float = 25.0
    slow: float = 0.25
    fast: float = 0.25
    consistency: float = 0.0


def ctc_loss(
    logits: Float[Array, "b steps classes"],
    num_steps: Int[Array, " b"],
    labels: Int[Array, "b u"],
    num_labels: Int[Array, " b"],
) -> Float[Array, " b"]:
    """-log p(labels) of each clip; infinite where the labels can't be aligned, as in PyTorch."""
    logits = full_precision(logits)
    step_padding = jnp.arange(logits.shape[1]) >= num_steps[:, None]
    label_padding = jnp.arange(labels.shape[1]) >= num_labels[:, None]
    loss = optax.ctc_loss(
        logits,
        step_padding.astype(logits.dtype),
        labels,
        label_padding.astype(logits.dtype),
        blank_id=BLANK_CLASS,
    )
    # Optax gives such clips a large finite number. Equal neighbours need a blank between them.
    repeats = (labels[:, 1:] == labels[:, :-1]) & ~label_padding[:, 1:]
    return jnp.where(num_labels + repeats.sum(1) <= num_steps, loss, jnp.inf)


def distillation_loss(
    student: Float[Array, "b steps classes"],
    teacher: Float[Array, "b steps classes"],
    valid: Bool[Array, "b steps"],
    count: Float[Array, ""] | None = None,
) -> Float[Array, ""]:
    """T² · KL(teacher ‖ student) at temperature T without the blank, mean over the valid steps.

    The mean is over `count` steps where the clips are a part of a batch.
    """
    teacher = full_precision(jax.lax.stop_gradient(teacher)[..., 1:])
    log_teacher = jax.nn.log_softmax(teacher / TEMPERATURE)
    log_student = jax.nn.log_softmax(full_precision(student[..., 1:]) / TEMPERATURE)
    divergence = (jnp.exp(log_teacher) * (log_teacher - log_student)).sum(-1)
    return TEMPERATURE**2 * (divergence * valid).sum() / (valid.sum() if count is None else count)


def consistency_loss(
    logits: Float[Array, "b steps classes"], num_steps: Int[Array, " b"]
) -> Float[Array, ""]:
    """How far two views of a clip (rows 2k and 2k + 1) are from being recognised alike.

    The mean of KL(first ‖ second) and KL(second ‖ first), what comes first held fixed, summed over
    a clip's steps, mean over clips (CR-CTC, Yao et al., ICLR 2025).
    """
    log_p = jax.nn.log_softmax(full_precision(logits))
    pairs = log_p.reshape(-1, 2, *log_p.shape[1:])
    fixed = jax.lax.stop_gradient(pairs[:, ::-1])
    divergence = (jnp.exp(fixed) * (fixed - pairs)).sum(-1).mean(1)
    valid = jnp.arange(logits.shape[1]) < num_steps[::2, None]
    return (divergence * valid).sum(1).mean()


def trained_logits(
    path: PathOutputs, weights: LossWeights
) -> dict[str, Float[Array, "b steps classes"]]:
    """By the name of their CTC's term, those that have a weight.

    What doesn't count is not computed, nor the BiLSTM where neither of its terms does.
    """
    heads = {"seq_ctc": path.sequence_logits, "conv_ctc": path.conv_logits}
    return {name: logits for name, logits in heads.items() if getattr(weights, name)}


def path_losses(
    path: PathOutputs,
    outputs: ModelOutputs,
    labels: Int[Array, "b u"],
    num_labels: Int[Array, " b"],
    weights: LossWeights,
    count: Float[Array, ""] | None,
) -> dict[str, Float[Array, ""]]:
    """The three weighted terms of one path."""
    heads = trained_logits(path, weights)
    terms = dict.fromkeys(TERMS, jnp.zeros(()))
    if heads:
        ctc_of_head = jax.vmap(ctc_loss, in_axes=(0, None, None, None))
        stacked = jnp.stack([*heads.values()])
        losses = ctc_of_head(stacked, outputs.num_steps, labels, num_labels).mean(1)
        terms |= {name: getattr(weights, name) * x for name, x in zip(heads, losses, strict=True)}
    if weights.distillation:
        valid = jnp.arange(path.conv_logits.shape[1]) < outputs.valid_steps[:, None]
        distillation = distillation_loss(path.conv_logits, path.sequence_logits, valid, count)
        terms["distillation"] = weights.distillation * distillation
    return terms


def recognition_loss(
    outputs: ModelOutputs,
    labels: Int[Array, "b u"],
    num_labels: Int[Array, " b"],
    weights: LossWeights = LossWeights(),
    count: Float[Array, ""] | None = None,
) -> tuple[Float[Array, ""], dict[str, Float[Array, ""]]]:
    """The total and its parts, each weighted as it enters the total.

    See docs/specification.md, "Loss and recipe".
    The parts are seq_ctc, conv_ctc and distillation of the main path and, with PFE, slow and
    fast; where it has a weight also consistency, of the main path's logits that CTC trains.
    Classes of labels count from 1; `labels` past `num_labels` are ignored. The total is
    infinite where a clip is too short for its labels. Where the clips are one of several equal
    parts of a batch, `count` is the parts' mean number of valid steps: the mean of their totals
    is then the batch's total.
    """
    # All paths at once, for it makes one program and not three.
    paths = jax.tree.map(lambda *values: jnp.stack(values), *outputs.paths.values())
    terms_of_path = jax.vmap(path_losses, in_axes=(0, *[None] * 5))
    terms = terms_of_path(paths, outputs, labels, num_labels, weights, count)
    totals = dict(zip(outputs.paths, jnp.stack(list(terms.values())).sum(0), strict=True))
    main = list(outputs.paths).index("main")
    parts = {name: terms[name][main] for name in TERMS}
    parts |= {name: getattr(weights, name) * totals[name] for name in totals if name != "main"}
    if weights.consistency:
        trained = trained_logits(outputs.paths["main"], weights).values()
        divergences = [consistency_loss(logits, outputs.num_steps) for logits in trained]
        parts["consistency"] = weights.consistency * sum(divergences, jnp.zeros(()))
    return jnp.stack(list(parts.values())).sum(), parts
