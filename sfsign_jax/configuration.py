"""Every number that a run depends on: what the files in configs/ start from."""

from ml_collections import ConfigDict

from sfsign_jax.data.catalog import PREPARED_DIR


def published_config() -> ConfigDict:
    """The published model and recipe; a file in configs/ names the data and says what differs."""
    return ConfigDict(
        {
            "seed": 0,
            "data": {
                "name": "",  # a prepared dataset, such as phoenix2014 or synthetic_signs/demo
                "prepared_dir": PREPARED_DIR,
                "data_path": "",  # the corpus itself: where given, training prepares it if need be
                "features": "",  # a folder of extract_features: only what follows is trained
                "frame_size": (),  # height and width that frames are resized to; (): as stored
                "crop_size": (224, 224),
                "frame_interval": 1,  # train on every k-th frame
                "flip": 0.5,  # share of the clips that are mirrored
                "join": 0.0,  # share of the clips that others of the signer follow, to max_frames
                # At random by about this share: colours are mixed and shifted (for signers that
                # training lacks), and frames drawn larger or smaller.
                "colour": 0.0,
                "zoom": 0.0,
                "invert": False,  # light and dark, in the second of two views (loss.consistency)
                "rescale": 0.2,  # clips are stretched or shortened by up to this share
                "min_frames": 32,  # … but to no fewer frames than this
                "max_frames": 230,  # … and no more than this / frame_interval
                # A batch is filled up to the next of these; each compiles a program of its own.
                "buckets": (48, 64, 80, 96, 112, 128, 144, 160, 176, 192, 208, 232, 264, 304),
                "workers": 0,  # processes that load batches; 0: threads of this one
                "max_labels": 32,
            },
            # Where the weights come from: one of the two, or random ones.
            "init": {
                "backbone": "",  # a pretrained SlowFast, a .pkl or .pyth file of PySlowFast
                "checkpoint": "",  # a trained model to go on from, named as for --checkpoint
                "new_head": False,  # take the backbone alone of it
            },
            "model": {
                "depths": (3, 4, 23, 3),
                "temporal_blocks": (3, 4, 6, 3),
                "width": 64,
                "beta_inv": 8,
                "alpha": 4,
                "fusion": "FuseBiAdd",
                "fusion_ratio": 2,
                "zero_init_final_bn": True,  # False where nothing pretrained is loaded
                "temporal_stack": ("K5", "P2", "K5", "P2"),
                "hidden_size": 1024,
                "pathway_enhancement": True,
                "share_classifier": 1,
                "weight_norm": True,
                "feature_dropout": 0.5,
                "lstm_dropout": 0.3,
            },
            "loss": {
                "seq_ctc": 1.0,
                "conv_ctc": 1.0,
                "distillation": 25.0,
                "slow": 0.25,
                "fast": 0.25,
                # That two views of a clip are recognised alike, which `data.colour` tells apart.
                "consistency": 0.0,
            },
            "optimizer": {
                "algorithm": "adam",  # or "muon", of convolutions
                "learning_rate": 1e-4,
                "warmup_steps": 0,
                "schedule": "steps",  # or "cosine"
                "step_epochs": (40, 60),
                "step_factor": 0.2,
                "weight_decay": 1e-4,
            },
            "training": {
                "epochs": 80,
                # Those train the backbone by the convolutions alone, and so many a new head on its
                # features: from random weights, on a small corpus (see docs/training.md).
                "head_epochs": 0,
                "head_batch_size": 4,
                "batch_size": 2,
                "padding": "masked",  # or "reference", the published batches
                # Or "bfloat16", but not of parameters, statistics and losses; or "float64", of all.
                "compute_dtype": "float32",
                # For less memory: a batch in so many parts, one after the other, and stages
                # (s2 to s5) whose activations are computed again for the backward pass.
                "accumulation": 1,
                "remat": (),
                "freeze_statistics": False,  # batch norms keep and use their running statistics
                "max_skipped": 30,  # batches that are not finite; this many in an epoch end the run
                "save_steps": 500,  # between checkpoints; one more at the end of every epoch
                "keep_last": 2,  # checkpoints; beside them
                "keep_epochs": 0,  # that of every n-th epoch; 0: none
            },
            "evaluation": {"batch_size": 4},
        }
    )
