"""PHOENIX2014 with the published recipe: 80 epochs, batch 2."""

from sfsign_jax.configuration import published_config


def get_config():
    config = published_config()
    config.data.name = "phoenix2014"
    return config
