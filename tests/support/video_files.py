"""Video files whose frames can be told apart."""

from fractions import Fraction

import av
import numpy as np


def gradient(n=6, height=48, width=64):
    ramp = np.linspace(0, 255, width).astype(np.uint8)
    frames = np.zeros((n, height, width, 3), np.uint8)
    frames[..., 0] = ramp
    frames[..., 1] = 20 * np.arange(n)[:, None, None]
    return frames


def write_video(path, frames, rate=25, codec="libx264", times=None, title="", options=None):
    """`times`: of each frame in milliseconds, where the rate is not constant."""
    with av.open(str(path), "w", options=options or {}) as container:
        stream = container.add_stream(codec, rate=rate, options={"crf": "5"})
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        if title:
            container.metadata["title"] = title
        if times:
            stream.codec_context.time_base = Fraction(1, 1000)
        for i, frame in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
            if times:
                picture.pts, picture.time_base = times[i], Fraction(1, 1000)
            container.mux(stream.encode(picture))
        container.mux(stream.encode())


def brightness(frames):
    """Which frames of `gradient` these are."""
    return np.round(frames[..., 1].mean(axis=(1, 2)) / 20).astype(int).tolist()
