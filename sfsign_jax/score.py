"""Scores predictions that are already on disk: the word error rate and its parts.

python -m sfsign_jax.score --reference X.stm --hypothesis Y.ctm [--tool python|nist|sclite]
"""

import argparse
from collections.abc import Mapping, Sequence

from sfsign_jax.command_line.run import run_command_line
from sfsign_jax.errors import UserError
from sfsign_jax.evaluation import (
    WordErrors,
    clean_glosses,
    nist_word_error_rate,
    read_ctm,
    read_stm,
    sclite_files_word_error_rate,
    word_error_rate,
    word_error_report,
)

_BY_NIST = {"nist": nist_word_error_rate, "sclite": sclite_files_word_error_rate}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m sfsign_jax.score",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--reference", required=True, metavar="X.stm", help="reference glosses")
    parser.add_argument("--hypothesis", required=True, metavar="Y.ctm", help="predicted glosses")
    parser.add_argument(
        "--tool",
        choices=["python", *_BY_NIST],
        default="python",
        help="who counts: python as the published recognisers are counted, predictions cleaned and"
        " equal neighbours merged; nist as sclite counts, files as they are, without it; sclite"
        " (by NIST, installed separately). Default: %(default)s",
    )
    arguments = parser.parse_args()
    if arguments.tool == "python":
        score_clips(arguments.reference, arguments.hypothesis)
    else:
        count = _BY_NIST[arguments.tool](arguments.reference, arguments.hypothesis)
        print(word_error_report(count.errors))
        print(f"{'segments':<13} {'':7} {count.segments:6d}")
        if count.not_predicted:
            print(f"{count.not_predicted} files or channels are not predicted: scored as empty")


def score_clips(reference: str, hypothesis: str) -> None:
    """Print the count of the published recognisers."""
    references = read_stm(reference)
    predictions = read_ctm(hypothesis)
    if references.keys().isdisjoint(predictions):
        raise UserError(
            f"{hypothesis}: predicts none of the {len(references)} clips of"
            f" {reference}; score against the references of the same split"
        )
    # A CTM has no line for an empty prediction, so it looks the same as a clip never predicted.
    errors = word_error_rate(references, predictions, missing_as_empty=True)
    print(word_error_report(errors))
    if num_missing := len(references.keys() - predictions.keys()):
        print(f"{num_missing} of {len(references)} clips are not predicted: scored as empty")
    if (of_case := errors.errors - errors_without_case(references, predictions).errors) > 0:
        print(f"{of_case} errors are of upper and lower case only, which --tool nist ignores")


def errors_without_case(
    references: Mapping[str, Sequence[str]], predictions: Mapping[str, Sequence[str]]
) -> WordErrors:
    lowered = {clip: [word.lower() for word in words] for clip, words in references.items()}
    cleaned = {
        clip: [word.lower() for word in clean_glosses(words)] for clip, words in predictions.items()
    }
    return word_error_rate(lowered, cleaned, missing_as_empty=True)


if __name__ == "__main__":
    run_command_line(main)
