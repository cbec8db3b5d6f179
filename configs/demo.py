"""A small model on the small synthetic corpus: minutes on two CPU cores."""

from sfsign_jax.configuration import published_config


def get_config():
    config = published_config()
    config.data.name = "synthetic_signs/demo"
    config.data.crop_size = (64, 64)
    config.data.min_frames = 20
    config.data.max_frames = 44
    config.data.buckets = (44,)
    config.data.max_labels = 8
    config.model.depths = (1, 1, 1, 1)
    config.model.temporal_blocks = (1, 1, 1, 1)
    config.model.width = 16
    config.model.beta_inv = 4
    config.model.hidden_size = 128
    config.model.feature_dropout = 0.1
    config.model.lstm_dropout = 0.1
    config.optimizer.learning_rate = 1e-3
    config.optimizer.schedule = "cosine"
    config.training.epochs = 6
    config.training.batch_size = 4
    config.evaluation.batch_size = 20
    return config
