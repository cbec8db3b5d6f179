"""CSL-Daily with the published recipe."""

from sfsign_jax.configuration import published_config


def get_config():
    config = published_config()
    config.data.name = "csl_daily"
    return config
