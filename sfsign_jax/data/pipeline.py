"""Batches loaded ahead of their use."""

import functools
import itertools
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import resource_tracker
from typing import Any

import grain
import jax
from absl import flags
from jax.sharding import Mesh

from sfsign_jax.runtime.mesh import shard_batch


def load_ahead(load: Callable[[Any], Any], items: Sequence[Any], workers: int) -> grain.IterDataset:
    """`load` of every item, in order: ahead of its use, in processes or, for 0, in threads."""
    if not flags.FLAGS.is_parsed():  # Grain's processes ask for flags even outside of absl's apps
        flags.FLAGS.mark_as_parsed()
    if workers:  # now, since whoever starts it lets Ctrl-C through again (see `closing`)
        resource_tracker.ensure_running()
    threads = 1 if workers else os.cpu_count() or 1
    reading = grain.ReadOptions(num_threads=threads, prefetch_buffer_size=threads)
    loaded = grain.MapDataset.source(items).map(load).to_iter_dataset(reading)
    return loaded.mp_prefetch(grain.MultiprocessingOptions(num_workers=workers))


def prefetch_to_devices(batches: grain.IterDataset, mesh: Mesh) -> Iterator[dict[str, jax.Array]]:
    """The batches, of which this process has its rows, sent to the devices ahead of their use."""
    loaded = grain.experimental.ThreadPrefetchIterDataset(batches, prefetch_buffer_size=1)
    sent = loaded.map(functools.partial(shard_batch, mesh=mesh))
    return closing(grain.experimental.ThreadPrefetchIterDataset(sent, prefetch_buffer_size=2))


def closing(batches: grain.IterDataset) -> Iterator[Any]:
    """The batches; their processes and threads end with the last one, or when the caller stops."""
    # What is started here inherits that Ctrl-C does not reach it: it is for this process, which
    # still needs its workers to end well.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        iterator = iter(batches)
        first = [*itertools.islice(iterator, 1)]
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    try:
        yield from first
        yield from iterator
    finally:
        iterator.close()
