"""A small model on the small synthetic corpus: minutes on two CPU cores."""

from sfsign_jax.configuration import published_config


def get_config():
    config = published_config()
    config.data.name = "synthetic_signs/demo"
    config.data.prepared_dir = "demo/data"
    config.data.frame_size = (72, 72)  # as they are; recordings of your own are larger
    config.data.crop_size = (64, 64)
    # Signs of eight frames: dropping some at random, or mirroring, only makes it learn longer.
    config.data.flip = 0.0
    config.data.rescale = 0.0
    config.data.min_frames = 12
    config.data.max_frames = 36
    config.data.buckets = (36,)
    config.data.max_labels = 8
    # Its 300 sentences are learned by heart otherwise, its four signers too. And most clips are
    # shorter than their bucket: a step on joined ones costs the same and teaches more.
    config.data.join = 0.7
    config.data.colour = 0.3
    config.data.zoom = 0.05
    config.model.depths = (1, 1, 1, 1)
    config.model.temporal_blocks = (1, 1, 1, 1)
    config.model.width = 16
    config.model.zero_init_final_bn = False
    config.model.beta_inv = 4
    config.model.hidden_size = 128
    config.model.weight_norm = False
    config.model.share_classifier = 0
    config.model.feature_dropout = 0.0
    config.model.lstm_dropout = 0.1
    # From random weights the teacher knows nothing yet and would only hold the student back.
    config.loss.distillation = 0.0
    config.optimizer.learning_rate = 3e-3
    config.optimizer.warmup_steps = 100
    config.optimizer.schedule = "cosine"
    config.training.epochs = 3
    config.training.head_epochs = 8
    config.training.batch_size = 4
    config.evaluation.batch_size = 20
    return config
