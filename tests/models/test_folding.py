"""Oracle: the batch norms themselves (test_sign_model compares whole folded networks)."""

import jax
import numpy as np
import pytest
from flax import nnx
from oracle import oracle_of, small_config, state_of

from sfsign_jax.models.batch_norm import BatchNorm
from sfsign_jax.models.folding import fold_batch_norms, normalized_convolutions
from sfsign_jax.models.fusion import FUSIONS, Fusion
from sfsign_jax.models.sign_model import for_inference, model_with


@pytest.mark.parametrize("fusion", FUSIONS)
def test_every_batch_norm_has_its_convolution(fusion):
    config = small_config(fusion=fusion)
    model = model_with(config, state_of(config, oracle_of(config)))
    convolutions, norms = zip(*normalized_convolutions(model), strict=True)
    everywhere = [m for _, m in nnx.iter_modules(model) if isinstance(m, BatchNorm)]
    assert {*map(id, norms)} == {*map(id, everywhere)}
    assert len({*map(id, convolutions)}) == len(norms) == len(everywhere)
    for convolution, norm in zip(convolutions, norms, strict=True):
        assert convolution.kernel.shape[-1:] == norm.bias.shape


def test_a_fusion_folded_computes_the_same():
    rng = np.random.default_rng(0)
    fusion = Fusion("FuseBiCat", 8, 4, alpha=2, ratio=2, rng=rng)
    for norm in (fusion.bn, fusion.bn2):
        for values in (norm.scale, norm.bias, norm.mean, norm.var):
            values.set_value(rng.uniform(0.5, 2, values.shape).astype(np.float32))
    slow, fast = (rng.normal(size=(1, t, 2, 2, c)).astype(np.float32) for t, c in ((3, 8), (6, 4)))
    inputs = (slow, fast, np.array([6]), False)
    expected = fusion(*inputs)
    fold_batch_norms(fusion)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5), fusion(*inputs), expected
    )


def test_the_model_itself_stays_whole():
    config = small_config()
    state = state_of(config, oracle_of(config))
    model = model_with(config, state)
    folded = for_inference(model)
    assert not jax.tree.leaves(nnx.state(folded, nnx.BatchStat))
    jax.tree.map(np.testing.assert_array_equal, nnx.state(model), state)
