"""PHOENIX2014-T with the published recipe."""

from sfsign_jax.configuration import published_config


def get_config():
    config = published_config()
    config.data.name = "phoenix2014_t"
    return config
