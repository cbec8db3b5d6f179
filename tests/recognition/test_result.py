import jax.numpy as jnp
import numpy as np
import pytest

from sfsign_jax.decoding import Timing
from sfsign_jax.errors import UserError
from sfsign_jax.recognition.network import ClipLogits
from sfsign_jax.recognition.result import alignment_of, recognition_of

TIMING = Timing(conv_lag=-2.25, sequence_lag=-2.25, pace=10.0)
NOTHING = 1e-15


def logits_of(path, classes=4, bucket=12):
    """In all of four phases and both heads the class at each step has 90 %, or is blank."""
    probabilities = np.full((4, bucket, classes), NOTHING)
    probabilities[..., 0] = 0.1
    probabilities[:, np.arange(len(path)), path] = 0.9
    probabilities /= probabilities.sum(-1, keepdims=True)
    logits = jnp.log(jnp.array(probabilities, jnp.float32))
    return ClipLogits(logits, logits, jnp.full(4, len(path)))


def test_glosses_with_their_places():
    path = [0, 2, 2, 0, 1, 0, 0, 3]
    result = recognition_of(
        logits_of(path), ("A", "B", "C"), timing=TIMING, frames=(100, 129), video_frames=130
    )
    assert result.glosses == ("B", "A", "C")
    assert result.tokens == (2, 1, 3)
    # Said in the steps that begin in 4 to 11, 16 to 19 and 28 to 31, and the video ends with 129.
    assert result.spans == ((109, 114), (119, 123), (127, 129))
    np.testing.assert_allclose(result.confidences, 0.9, rtol=1e-6)
    assert result.posteriors.shape == (8, 4)
    assert result.lag == -2.25
    assert len(result.alternatives) == 9
    assert result.log_probability > result.alternatives[0].log_probability


def test_a_sign_that_is_made_after_its_sentence_was_said():
    path = [0, 2, 2, 0, 1, 0, 0, 3]
    vocabulary = ("A", "B", "C")
    result = recognition_of(
        logits_of(path), vocabulary, timing=TIMING, frames=(100, 131), video_frames=500
    )
    assert result.frames == (100, 131)
    assert result.spans[-1] == (130, 136)  # its middle is 133.5


def test_nothing_but_blanks():
    result = recognition_of(
        logits_of([0] * 5), ("A", "B", "C"), timing=TIMING, frames=(0, 19), video_frames=20
    )
    assert result.glosses == result.spans == result.confidences == ()


def test_logits_that_are_not_finite():
    logits = logits_of([1])
    logits = logits._replace(sequence_logits=logits.sequence_logits * np.nan)
    with pytest.raises(UserError, match="not finite"):
        recognition_of(logits, ("A", "B", "C"), timing=TIMING, frames=(0, 3), video_frames=4)


KNOWN = {"vocabulary": ("A", "B", "C"), "timing": TIMING, "frames": (100, 129), "video_frames": 130}


def test_known_glosses_are_where_they_are_likeliest():
    logits = logits_of([0, 2, 2, 0, 1, 0, 0, 3])
    recognised = recognition_of(logits, **KNOWN)
    same = alignment_of(logits, ("B", "A", "C"), **KNOWN)
    assert same.glosses == ("B", "A", "C")
    assert same.spans == recognised.spans
    np.testing.assert_allclose(same.log_probability, recognised.log_probability, rtol=1e-3)
    assert same.alternatives == ((("B", "A", "C"), recognised.log_probability),)
    others = alignment_of(logits, ("B", "C", "C"), **KNOWN)
    assert others.tokens == (2, 3, 3)
    # Its length depends on its neighbours too.
    assert others.spans[0][0] == pytest.approx(recognised.spans[0][0], abs=2)
    assert others.log_probability < same.log_probability - 2


@pytest.mark.parametrize(
    ("glosses", "sentence"),
    [
        ((), "there are no glosses to align"),
        (("A", "D"), "knows no gloss 'D', but A, B, C and so on: 3 in all"),
        (("A", "A", "A"), "3 glosses need 5 steps, and the video has 4"),
    ],
)
def test_glosses_that_can_not_be_aligned(glosses, sentence):
    with pytest.raises(UserError, match=sentence):
        alignment_of(logits_of([1, 0, 2, 0]), glosses, **KNOWN)
