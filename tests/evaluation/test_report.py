from sfsign_jax.evaluation import WordErrors, word_error_report


def test_word_error_report():
    assert word_error_report(WordErrors(883 / 5540 * 100, 310, 362, 211, 5540)) == (
        "WER            15.94%    883\n"
        "substitutions   5.60%    310\n"
        "deletions       6.53%    362\n"
        "insertions      3.81%    211\n"
        "words                   5540"
    )
