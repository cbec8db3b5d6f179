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
    config.data.max_labels = 16
    # Its 300 sentences are learned by heart otherwise, its four signers too; and joined clips fill
    # their bucket, where single ones (of up to 36 frames) leave a quarter of it empty.
    config.data.join = 1.0
    config.data.max_frames = 60
    config.data.buckets = (36, 60)
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
    # Else it says signs of light skin earlier than those of dark skin.
    config.loss.consistency = 0.2
    config.data.invert = True
    config.optimizer.algorithm = "muon"
    config.optimizer.learning_rate = 1.2e-2
    config.optimizer.warmup_steps = 50
    config.optimizer.schedule = "cosine"
    config.training.epochs = 1
    config.training.head_epochs = 8
    config.training.batch_size = 1  # of two views
    config.evaluation.batch_size = 20
    return config
