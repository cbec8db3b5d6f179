"""Oracle: Grad-CAM by PyTorch's autograd on the PyTorch statement of the network."""

import cv2
import numpy as np
import pytest
import torch
import torch_reference as reference
from oracle import oracle_of, small_config, state_of

from sfsign_jax.data.transforms import Preprocessing
from sfsign_jax.pictures.activation_maps import overlaid, save_activation_strips
from sfsign_jax.recognition.grad_cam import explain, explained_stage
from sfsign_jax.recognition.network import Network
from sfsign_jax.recognition.recognizer import Recognizer
from sfsign_jax.recognition.result import Recognition

PREPROCESSING = Preprocessing((40, 40), (32, 32))
FIRST = 100  # number of the sentence's first frame in its video


def sentence(num_frames):
    """A is said in the steps 1 and 2, C in step 4; they are signed elsewhere."""
    posteriors = np.full((6, 7), 0.01)
    posteriors[np.arange(6), (0, 1, 1, 0, 3, 0)] = 0.94
    return Recognition(
        glosses=("A", "C"),
        tokens=(1, 3),
        spans=((FIRST + 8, FIRST + 12), (FIRST + 17, FIRST + 20)),
        confidences=(0.5, 0.5),
        frames=(FIRST, FIRST + num_frames - 1),
        log_probability=-1.0,
        alternatives=(),
        posteriors=posteriors,
    )


def expected_maps(model, clip, token, first_step, last_step):
    """Of the padded clip, slow and fast."""
    activations = []

    def trace(name, slow, fast):
        if name == "s2":
            activations.extend([slow, fast])
            slow.retain_grad()
            fast.retain_grad()

    crops = reference.normalise(reference.centre_crop(torch.tensor(clip), 32))
    frames, lengths = reference.pad_batch([crops])
    logits = model(frames, lengths, aux=False, trace=trace)["main"]["sequence_logits"][0]
    logits[first_step : last_step + 1, token].sum().backward()
    maps = []
    for activation in activations:
        weights = activation.grad.mean((3, 4), keepdim=True)
        deviation = activation - activation.mean(2, keepdim=True)
        maps.append((weights * deviation).sum(1).relu()[0].detach().numpy())
    return maps


def test_maps_are_grad_cam_of_the_frames_that_each_pathway_sees():
    config = small_config()
    model = oracle_of(config)
    clip = np.random.default_rng(0).integers(0, 256, (22, 40, 40, 3), np.uint8)
    maps = explain(Network(state_of(config, model), config, PREPROCESSING), clip, sentence(22))
    steps = ((1, 2), (4, 4))
    for (slow, fast), token, span in zip(maps, (1, 3), steps, strict=True):
        assert slow.frames.tolist() == [2, 6, 10, 14, 18]  # six frames are repeated before
        assert fast.frames.tolist() == [*range(22)]
        expected = expected_maps(model, clip, token, *span)
        np.testing.assert_allclose(slow.maps, expected[0][2:7], rtol=1e-3, atol=1e-6)
        np.testing.assert_allclose(fast.maps, expected[1][6:28], rtol=1e-3, atol=1e-6)
        assert fast.maps.max() > 0


@pytest.mark.parametrize(("height", "stage"), [(224, 2), (64, 0), (32, 0), (448, 3)])
def test_maps_are_fine_enough_to_show_a_hand(height, stage):
    assert explained_stage(height) == stage


def test_an_activation_is_drawn_where_it_is():
    activation = np.zeros((8, 8), np.float32)
    activation[2, 5] = 1
    frame = np.full((64, 64, 3), 200, np.uint8)
    drawn = overlaid(frame, activation).astype(int)
    assert drawn[20, 44, 0] > drawn[20, 44, 2] + 80  # red
    np.testing.assert_array_equal(drawn[40:], 200)


def test_a_picture_of_every_gloss(tmp_path):
    config = small_config()
    network = Network(state_of(config, oracle_of(config)), config, PREPROCESSING)
    recognizer = Recognizer(network, tuple("ABCDEF"))
    frames = np.random.default_rng(0).integers(0, 256, (FIRST + 30, 60, 50, 3), np.uint8)
    pictures = [*save_activation_strips(tmp_path / "clip", frames, [sentence(22)], recognizer)]
    assert [picture.name for picture in pictures] == ["clip.001.01.png", "clip.001.02.png"]
    assert all(cv2.imread(str(picture)).shape[1] > 1000 for picture in pictures)
