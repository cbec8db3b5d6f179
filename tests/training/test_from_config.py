"""Values that no run can have, in one sentence each."""

import pytest

from sfsign_jax.configuration import published_config
from sfsign_jax.errors import UserError
from sfsign_jax.training import from_config


@pytest.mark.parametrize(("name", "value"), [("join", 1.5), ("join", -0.1), ("flip", 2.0)])
def test_shares_of_the_clips(name, value):
    config = published_config()
    config.data[name] = value
    with pytest.raises(UserError, match=rf"config.data.{name} is {value}: a share, from 0 to 1"):
        from_config.augmentation(config)


@pytest.mark.parametrize(("name", "value"), [("zoom", 1.0), ("zoom", -0.1), ("colour", -0.1)])
def test_how_far_pictures_may_vary(name, value):
    config = published_config()
    config.data[name] = value
    with pytest.raises(UserError, match=f"config: zoom is .*{value}.*: shares"):
        from_config.recipe(config, 10)


@pytest.mark.parametrize("name", ["algorithm", "schedule"])
def test_words_that_are_none_of_the_recipes(name):
    config = published_config()
    config.optimizer[name] = "sgd"
    with pytest.raises(UserError, match=f"config: {name} is 'sgd'; it is "):
        from_config.recipe(config, 10)


def test_features_have_no_two_views():
    config = published_config()
    config.loss.consistency, config.data.features = 0.2, "features"
    with pytest.raises(UserError, match=r"config.loss.consistency is for training on frames"):
        from_config.recipe(config, 10)


def test_one_view_is_not_the_second_of_two():
    config = published_config()
    config.data.invert = True
    with pytest.raises(UserError, match="invert is for the second of two views"):
        from_config.recipe(config, 10)


def test_what_the_published_recipe_leaves_off():
    config = published_config()
    recipe = from_config.recipe(config, 10)
    assert (recipe.zoom, recipe.colour, from_config.augmentation(config).join) == (0, 0, 0)
    assert (config.training.head_epochs, recipe.algorithm) == (0, "adam")
    assert (recipe.loss_weights.consistency, recipe.invert) == (0, False)
