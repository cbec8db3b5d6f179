"""Draws a corpus as your own would be: videos, and a table of what is signed in them.

python tools/export_corpus.py FOLDER [--clips 16,4,4] [--glosses 8] [--seed 1]
python -m sfsign_jax.prepare custom_corpus --data_path FOLDER

Signers and glosses are others than those of the demo's corpus; the last signer is in test alone.
"""

import argparse
import csv
import io
from pathlib import Path

from export_clip import write_video

from sfsign_jax.command_line.arguments import number_between
from sfsign_jax.command_line.run import run_command_line
from sfsign_jax.errors import UserError
from sfsign_jax.files import write_text_atomically
from sfsign_jax.transcripts.corpus_table import COLUMNS

RATE = 25  # frames a second
FRAME_SIZE = 256  # pixels, as recordings are prepared


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="a new one")
    parser.add_argument("--clips", default="16,4,4", help="of train, dev, test; default: 16,4,4")
    parser.add_argument(
        "--glosses", type=number_between(5, 25, int), default=8, help="5 to 25; default: 8"
    )
    parser.add_argument(
        "--seed", type=number_between(0, 2**32, int), default=1, help="another seed, other clips"
    )
    arguments = parser.parse_args()

    # Not before --help is answered, nor where Ctrl-C or a missing package would be no sentence.
    from sfsign_jax.data.preparation import clip_counts

    clips = clip_counts(arguments.clips)
    try:
        arguments.folder.mkdir(parents=True)
    except OSError as error:
        raise UserError(f"{arguments.folder} can't be made: {error.strerror}") from error
    export(arguments.folder, clips, arguments.glosses, arguments.seed)


def export(folder: Path, clips: dict[str, int], glosses: int, seed: int) -> None:
    """The videos first: a folder with a table is a whole corpus."""
    from dataclasses import replace

    from tqdm import tqdm

    from tfds_builders.synthetic_signs.corpus import DEMO, make_clip
    from tfds_builders.synthetic_signs.signers import SIGNERS

    corpus = replace(
        DEMO,
        lexicon=new_lexicon(glosses),
        signers=SIGNERS[len(DEMO.signers) :],
        frame_size=FRAME_SIZE,
        clips=clips,
        seed=seed,
    )
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(COLUMNS)
    numbers = [(split, number) for split, count in clips.items() for number in range(count)]
    for split, number in tqdm(numbers, unit="clip", disable=None):
        clip = make_clip(corpus, split, number)
        video = folder / f"{clip.id}.mp4"
        write_video(video, clip.frames, RATE)
        writer.writerow((clip.id, video.name, " ".join(clip.glosses), split, clip.signer))
    write_text_atomically(folder / "corpus.csv", table.getvalue())
    names = " ".join(gloss.name for gloss in corpus.lexicon)
    print(f"{folder}: {len(numbers)} clips of {names}")


def new_lexicon(count: int) -> tuple:
    """The first `count` glosses that the demo lacks, in turn for the slots of a sentence.

    Every sentence has one of weather: there are twice as many of them.
    """
    from itertools import cycle, islice

    from tfds_builders.synthetic_signs.lexicon import DEMO_LEXICON, FULL_LEXICON

    new = FULL_LEXICON[len(DEMO_LEXICON) :]
    slots = ("weather", "time", "place", "weather", "degree")
    fillers = {slot: iter([gloss for gloss in new if gloss.category == slot]) for slot in slots}
    return tuple(next(fillers[slot]) for slot in islice(cycle(slots), count))


if __name__ == "__main__":
    run_command_line(main)
