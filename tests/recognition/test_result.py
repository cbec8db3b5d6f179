import jax.numpy as jnp
import numpy as np
import pytest

from sfsign_jax.errors import UserError
from sfsign_jax.recognition.result import recognition_of


def main_logits(path, classes=4, bucket=12):
    """The class at each step has 90 %."""
    probabilities = np.full((bucket, classes), 0.1 / (classes - 1))
    probabilities[np.arange(len(path)), path] = 0.9
    return jnp.log(jnp.array(probabilities, jnp.float32))[None]


def test_glosses_with_their_places():
    path = [0, 2, 2, 0, 1, 0, 0, 3]
    result = recognition_of(main_logits(path), 8, ("A", "B", "C"), stride=4, frames=(100, 129))
    assert result.glosses == ("B", "A", "C")
    assert result.tokens == (2, 1, 3)
    assert result.spans == ((104, 111), (116, 119), (128, 129))  # the clip ends within a step
    np.testing.assert_allclose(result.confidences, 0.9, rtol=1e-6)
    assert result.posteriors.shape == (8, 4)
    assert len(result.alternatives) == 9
    assert result.log_probability > result.alternatives[0].log_probability


def test_nothing_but_blanks():
    result = recognition_of(main_logits([0] * 5), 5, ("A", "B", "C"), stride=4, frames=(0, 19))
    assert result.glosses == result.spans == result.confidences == ()


def test_logits_that_are_not_finite():
    with pytest.raises(UserError, match="not finite"):
        recognition_of(main_logits([1]) * np.nan, 1, ("A", "B", "C"), stride=4, frames=(0, 3))
