"""Clips that can never be learned: their glosses need more steps than the network gives them."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sfsign_jax.data.catalog import ClipFacts
from sfsign_jax.decoding import steps_needed
from sfsign_jax.files import write_text_atomically
from sfsign_jax.models.lengths import num_steps, video_length
from sfsign_jax.training.sources import Source

PRINTED = 10  # clips; all of them are in a file


def short_clips(
    clips: Sequence[ClipFacts],
    stack: tuple[str, ...],
    most_frames: Callable[[int], int] = lambda num_frames: num_frames,
) -> dict[int, str]:
    """The numbers of the clips that no alignment fits into, and why, in words.

    `most_frames` is how many frames at most are made of a clip's own.
    """
    found = {}
    for number, clip in enumerate(clips):
        frames, needed = most_frames(clip.num_frames), steps_needed(clip.glosses)
        steps = num_steps(video_length(frames, stack), stack)
        if needed > steps:
            found[number] = (
                f"clip {clip.id}: its {len(clip.glosses)} glosses need {needed} steps, and "
                f"{frames} frames are {steps}"
            )
    return found


def short_training_clips(source: Source, stack: tuple[str, ...]) -> dict[int, str]:
    """Those of the train split, however long they are drawn, where the source knows its clips."""
    return short_clips(source.clips.get("train", ()), stack, source.most_frames)


def told_of_clips(source: Source, short: Mapping[int, str], forgot: bool, file: Path) -> list[str]:
    """What a run says of them: which it leaves out, or why it can't.

    Raises:
        UserError: the file can't be written.
    """
    if forgot:
        return [
            "this run is of an earlier version, which did not write down its dataset: it goes on "
            "with what is there, clips that are too short for their glosses included"
        ]
    if not source.clips:
        return [
            f"{source.name} was prepared by an earlier version, which did not write down the "
            "glosses: clips that are too short for theirs stay in until it is prepared again"
        ]
    if not short:
        return []
    sentence = (
        f"left out {len(short)} of {len(source.train)} training clips, which are too short for "
        "their glosses"
    )
    return listed(sentence, [*short.values()], file)


def listed(sentence: str, lines: Sequence[str], file: Path) -> list[str]:
    """The sentence and the first of the lines; all of them go to the file.

    Raises:
        UserError: the file can't be written.
    """
    write_text_atomically(file, "".join(f"{line}\n" for line in lines))
    return [f"{sentence} (all of them: {file}):", *(f"  {line}" for line in lines[:PRINTED])]
