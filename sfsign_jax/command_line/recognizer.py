"""The recogniser of a command line."""

from sfsign_jax.command_line.run import print_error
from sfsign_jax.decoding import UNKNOWN_TIMING
from sfsign_jax.example import is_example
from sfsign_jax.recognition.recognizer import Recognizer, load


def load_recognizer(checkpoint: str) -> Recognizer:
    """That of a checkpoint (see `load`); what has to be known of it is said.

    Raises:
        UserError: there is no checkpoint, or it is damaged.
    """
    recognizer = load(checkpoint)
    if is_example(checkpoint):
        print_error(f"{checkpoint} knows sixteen invented signs, which no sign language has")
    if recognizer.timing is UNKNOWN_TIMING:
        print_error(
            f"{checkpoint} has no timing, so signs are put where its network says them, often "
            "some frames before they are made: python -m sfsign_jax.measure_timing measures it"
        )
    return recognizer
