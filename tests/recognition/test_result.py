import jax.numpy as jnp
import numpy as np
import pytest

from sfsign_jax.decoding import Timing
from sfsign_jax.errors import UserError
from sfsign_jax.recognition.result import recognition_of

TIMING = Timing(lag=-2.0, pace=10.0)


def logits_of(path, classes=4, bucket=12):
    """In all of four phases the class at each step has 90 %."""
    probabilities = np.full((4, bucket, classes), 0.1 / (classes - 1))
    probabilities[:, np.arange(len(path)), path] = 0.9
    return jnp.log(jnp.array(probabilities, jnp.float32))


def test_glosses_with_their_places():
    path = [0, 2, 2, 0, 1, 0, 0, 3]
    result = recognition_of(logits_of(path), 8, ("A", "B", "C"), timing=TIMING, frames=(100, 129))
    assert result.glosses == ("B", "A", "C")
    assert result.tokens == (2, 1, 3)
    # Said in the steps that begin in 4 to 11, 16 to 19 and 28 to 31: signed at 11.5, 21.5 and 29.5.
    assert result.spans == ((109, 114), (119, 123), (127, 129))
    np.testing.assert_allclose(result.confidences, 0.9, rtol=1e-6)
    assert result.posteriors.shape == (8, 4)
    assert result.lag == -2.0
    assert len(result.alternatives) == 9
    assert result.log_probability > result.alternatives[0].log_probability


def test_nothing_but_blanks():
    result = recognition_of(logits_of([0] * 5), 5, ("A", "B", "C"), timing=TIMING, frames=(0, 19))
    assert result.glosses == result.spans == result.confidences == ()


def test_logits_that_are_not_finite():
    logits = logits_of([1]) * np.nan
    with pytest.raises(UserError, match="not finite"):
        recognition_of(logits, 1, ("A", "B", "C"), timing=TIMING, frames=(0, 3))
