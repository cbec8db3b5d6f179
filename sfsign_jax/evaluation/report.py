"""Results as a person reads them."""

from sfsign_jax.evaluation.word_errors import WordErrors


def word_error_report(errors: WordErrors) -> str:
    """The word error rate and its parts, one a line: percent of the reference words, and counts."""
    parts = [
        ("WER", errors.errors),
        ("substitutions", errors.substitutions),
        ("deletions", errors.deletions),
        ("insertions", errors.insertions),
    ]
    lines = [f"{name:<13} {count / errors.words:7.2%} {count:6d}" for name, count in parts]
    return "\n".join([*lines, f"{'words':<13} {'':7} {errors.words:6d}"])
