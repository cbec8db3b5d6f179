"""The C library's memory allocator: what it must be told before a process starts."""

import importlib.metadata
import os
import platform
import sys

TUNABLES = "GLIBC_TUNABLES"
WITHOUT_THREAD_CACHES = {TUNABLES: "glibc.malloc.tcache_count=0"}


def start_without_thread_caches() -> None:
    """Start this command line once more, from its beginning, where it is for a CPU and glibc's.

    The temporaries of a program are one block, which each of its runs allocates and frees. To
    align it glibc cuts its end off; where a thread's cache of small pieces gives that away, the
    block does not fit where it was and gets a second place, while the first one stays resident.
    Without caches that is rarer: passes are 2 % faster, in 0.3 GB less. They are chosen by the
    environment alone; what the user has chosen there is left as it is.
    """
    if TUNABLES in os.environ or platform.libc_ver()[0] != "glibc":
        return
    if not importlib.metadata.entry_points(group="jax_plugins"):  # of GPUs and TPUs
        os.environ.update(WITHOUT_THREAD_CACHES)
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
