"""Scores predictions that are already on disk: the word error rate and its parts.

python -m sfsign_jax.score --reference X.stm --hypothesis Y.ctm [--tool python|sclite]
"""

import argparse

from sfsign_jax.command_line.run import run_command_line
from sfsign_jax.errors import UserError
from sfsign_jax.evaluation import (
    read_ctm,
    read_stm,
    sclite_word_error_rate,
    word_error_rate,
    word_error_report,
)

_TOOLS = {"python": word_error_rate, "sclite": sclite_word_error_rate}


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
        choices=list(_TOOLS),
        default="python",
        help="who counts: python merges equal neighbours of a prediction first; sclite (by NIST,"
        " installed separately) counts each of them. Default: %(default)s",
    )
    arguments = parser.parse_args()

    references = read_stm(arguments.reference)
    predictions = read_ctm(arguments.hypothesis)
    if references.keys().isdisjoint(predictions):
        raise UserError(
            f"{arguments.hypothesis}: predicts none of the {len(references)} clips of"
            f" {arguments.reference}; score against the references of the same split"
        )
    # A CTM has no line for an empty prediction, so it looks the same as a clip never predicted.
    errors = _TOOLS[arguments.tool](references, predictions, missing_as_empty=True)
    print(word_error_report(errors))
    if num_missing := len(references.keys() - predictions.keys()):
        print(f"{num_missing} of {len(references)} clips are not predicted: scored as empty")


if __name__ == "__main__":
    run_command_line(main)
