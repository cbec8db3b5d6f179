"""When each gloss of a prepared split is signed, as a table.

Every batch of clips leaves a file, so that a run that was killed goes on, with the very batches
that were left: another batch would round differently.
"""

import csv
import functools
import io
import json
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np
from jax import Array
from jax.sharding import Mesh
from jaxtyping import Float, Int
from tqdm import tqdm

from sfsign_jax.checkpoint import fingerprint
from sfsign_jax.data.batching import (
    LENGTH_MULTIPLE,
    Batching,
    EvaluationBatch,
    PlannedBatch,
    ordered_batches,
    pad_with_first,
)
from sfsign_jax.data.catalog import ClipFacts, Dataset
from sfsign_jax.data.evaluation_batches import evaluation_batches, evaluation_order
from sfsign_jax.data.frame_clips import EvaluationFrames, clip_facts_of
from sfsign_jax.decoding import Timing, beam_search, place_glosses
from sfsign_jax.errors import UserError
from sfsign_jax.files import read_json, write_text_atomically
from sfsign_jax.losses import ctc_loss
from sfsign_jax.models.lengths import num_steps, video_length
from sfsign_jax.recognition.network import Network, frame_features, phase_logits, pipelined
from sfsign_jax.recognition.recognizer import Recognizer
from sfsign_jax.recognition.result import fitting_tokens, token_rows
from sfsign_jax.recognition.split import check_finite
from sfsign_jax.recognition.started import start_folder
from sfsign_jax.runtime.mesh import (
    clip_mesh,
    constrain_replicated,
    replicate,
    shard_batch,
    use_mesh,
)

TABLE = "glosses.csv"
BATCHES = "batches"  # the folder of what a run goes on with
BATCHING = Batching(4, (LENGTH_MULTIPLE,))


class SignedGloss(NamedTuple):
    """A row of the table."""

    id: str  # of the clip
    signer: str
    gloss: str
    first_frame: int
    last_frame: int
    start: float | None  # seconds; None where the dataset has no frame rate
    end: float | None
    confidence: float  # the highest probability of the gloss where it is said
    cost: float  # of log-probability, that each gloss of the clip costs against what is recognised


class AlignedSplit(NamedTuple):
    table: Path
    glosses: list[SignedGloss]  # of all clips, in their order
    left_out: list[str]  # the clips that can't be aligned, and why


class ClipAlignments(NamedTuple):
    """Known glosses of a batch of clips at their places, and how probable they are."""

    spans: Int[Array, "b u 2"]  # first and last frame
    confidences: Float[Array, "b u"]
    log_probability: Float[Array, " b"]  # of the glosses
    best: Float[Array, " b"]  # of what is recognised


def align_split(recognizer: Recognizer, dataset: Dataset, split: str, folder: Path) -> AlignedSplit:
    """Write the table to `folder`; clips that were aligned there before are not computed again.

    Clips without glosses, with one that the vocabulary lacks, or too short for theirs are left
    out.

    Raises:
        UserError: the dataset has no such split, the checkpoint no vocabulary, every clip is left
            out, the outputs of one are not finite, or `folder` was begun with another checkpoint or
            other clips, or can't be written.
    """
    frames = EvaluationFrames(dataset, split)
    clips = clip_facts_of(dataset, split)
    tokens, left_out = alignable(recognizer, clips)
    if not tokens:
        raise UserError(f"no clip of {dataset.name} {split} can be aligned ({left_out[0]})")
    lengths = frames.lengths
    order = [number for number in evaluation_order(lengths, "masked") if number in tokens]
    plan = ordered_batches(order, lengths, BATCHING.buckets, BATCHING.batch_size)
    start_folder(folder, origin(recognizer, dataset, split, (clips, plan)))
    (folder / BATCHES).mkdir(exist_ok=True)
    missing = [batch for batch in plan if not batch_file(folder, batch.clips).exists()]
    left = [number for batch in missing for number in batch.clips]
    mesh = clip_mesh(BATCHING.batch_size)
    network = replicate(recognizer.network, mesh)
    align = functools.partial(align_batch, network, recognizer.timing, tokens, mesh)
    batches = evaluation_batches(frames, BATCHING, left, mesh)
    with tqdm(total=len(order), desc=split, unit="clip", disable=None) as progress:
        progress.update(len(order) - len(left))
        for batch, aligned in pipelined(map(align, batches)):
            signed = signed_glosses(batch, clips, jax.device_get(aligned), dataset.frame_rate)
            write_text_atomically(batch_file(folder, batch.numbers), json.dumps(signed) + "\n")
            progress.update(len(batch.ids))
    glosses = read_batches(folder, plan)
    if not (folder / TABLE).exists():  # or else a person may have worked on it
        write_table(folder / TABLE, glosses)
    return AlignedSplit(folder / TABLE, glosses, left_out)


def alignable(
    recognizer: Recognizer, clips: Sequence[ClipFacts]
) -> tuple[dict[int, tuple[int, ...]], list[str]]:
    """The clips that can be aligned, by their numbers, with the classes of their glosses; and why
    the others can't.

    Raises:
        UserError: the checkpoint has no vocabulary.
    """
    vocabulary, stack = recognizer.required_vocabulary(), recognizer.config.temporal_stack
    tokens, left_out = {}, []
    for number, clip in enumerate(clips):
        steps = num_steps(video_length(clip.num_frames, stack), stack)
        try:
            tokens[number] = fitting_tokens(clip.glosses, vocabulary, steps)
        except UserError as error:
            left_out.append(f"clip {clip.id}: {error}")
    return tokens, left_out


def origin(recognizer: Recognizer, dataset: Dataset, split: str, clips: object) -> dict[str, str]:
    """All that the table depends on, `clips` and how they are batched included."""
    network = recognizer.network
    model = (network.config, network.preprocessing, recognizer.vocabulary, recognizer.timing)
    return {
        "checkpoint": f"{fingerprint(network.state)} {checksum(model)}",
        "dataset": dataset.name,
        "split": split,
        "clips": checksum((dataset.frame_rate, clips)),
    }


def checksum(values: object) -> str:
    """Of numbers and texts, in tuples and dataclasses."""
    return f"{zlib.crc32(repr(values).encode()):08x}"


def batch_file(folder: Path, clips: Sequence[int]) -> Path:
    """Of the batch of the clips with these numbers."""
    return folder / BATCHES / f"{clips[0]:06d}.json"


def align_batch(
    network: Network,
    timing: Timing,
    tokens: Mapping[int, tuple[int, ...]],
    mesh: Mesh,
    batch: EvaluationBatch,
) -> tuple[EvaluationBatch, ClipAlignments]:
    """The batch, but for its frames, and where the `tokens` of its clips are signed."""
    rows = pad_with_first(batch.numbers, len(batch.num_frames))
    known = shard_batch(token_rows([tokens[number] for number in rows]), mesh)
    frames, num_frames = shard_batch((batch.inputs, batch.num_frames), mesh)
    with use_mesh(mesh):
        features = frame_features(network, frames, num_frames)
        logits = phase_logits(network, features, num_frames)
        aligned = align_clips(*logits, *known, num_frames, timing=timing)
    return batch._replace(inputs=batch.inputs[:0]), aligned


@functools.partial(jax.jit, static_argnames="timing")
def align_clips(
    conv_logits: Float[Array, "b phases steps classes"],
    sequence_logits: Float[Array, "b phases steps classes"],
    num_steps: Int[Array, " b"],
    tokens: Int[Array, "b u"],
    num_tokens: Int[Array, " b"],
    num_frames: Int[Array, " b"],
    *,
    timing: Timing,
) -> ClipAlignments:
    """The same of many clips as `alignment_of` makes of one."""
    conv, sequence = map(jax.nn.log_softmax, (conv_logits, sequence_logits))

    def place(num_frames: Int[Array, ""], *clip: Array) -> tuple[Array, Array]:
        return place_glosses(*clip, timing=timing, num_frames=num_frames)

    clips = (num_frames, conv, sequence, num_steps, tokens, num_tokens)
    spans, confidences = jax.vmap(place)(*clips)
    loss = ctc_loss(sequence[:, 0], num_steps, tokens, num_tokens)
    _, _, scores = beam_search(sequence[:, 0], num_steps)
    return constrain_replicated(ClipAlignments(spans, confidences, -loss, scores[:, 0]))


def signed_glosses(
    batch: EvaluationBatch,
    clips: Sequence[ClipFacts],
    aligned: ClipAlignments,
    frame_rate: float | None,
) -> list[list[SignedGloss]]:
    """Of each clip of a batch.

    Raises:
        UserError: the outputs for a clip are not finite.
    """
    check_finite(batch.ids, np.asarray(aligned.best)[: len(batch.ids)])
    found = []
    for clip, signer, *places in zip(batch.numbers, batch.signers, *aligned, strict=False):
        spans, confidences, log_probability, best = places
        name, glosses = clips[clip].id, clips[clip].glosses
        cost = max(float(best - log_probability) / len(glosses), 0.0)
        found.append(
            [
                SignedGloss(
                    name,
                    signer,
                    gloss,
                    first,
                    last,
                    seconds(first, frame_rate),
                    seconds(last + 1, frame_rate),
                    round(confidence, 4),
                    round(cost, 3),
                )
                for gloss, (first, last), confidence in zip(
                    glosses, spans.tolist(), confidences.tolist(), strict=False
                )
            ]
        )
    return found


def seconds(frame: int, frame_rate: float | None) -> float | None:
    """When a frame appears."""
    return None if frame_rate is None else round(frame / frame_rate, 3)


def read_batches(folder: Path, plan: Sequence[PlannedBatch]) -> list[SignedGloss]:
    """The glosses of all clips, in the order of the split."""
    clips: dict[int, list[SignedGloss]] = {}
    for batch in plan:
        signed = read_json(batch_file(folder, batch.clips), list[list[SignedGloss]])
        clips |= zip(batch.clips, signed, strict=True)
    return [signed for clip in sorted(clips) for signed in clips[clip]]


def write_table(path: Path, glosses: Sequence[SignedGloss]) -> None:
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(SignedGloss._fields)
    writer.writerows(glosses)
    write_text_atomically(path, table.getvalue())
