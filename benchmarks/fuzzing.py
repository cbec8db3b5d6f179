"""What the fuzzers share: damaged inputs read one after the other, and how they fared."""

import random
import resource
import signal
import time
import traceback
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

from sfsign_jax.errors import UserError

SECONDS, MEGABYTES = 20, 1000  # the most that one input may take


class HangError(BaseException):
    """Past every `except Exception`."""


class RefusedError(Exception):
    """By a reader that has no errors of ours, in the sentence that it has."""


class Kind(NamedTuple):
    """What is damaged, and who reads it."""

    damage: Callable[[random.Random], None]  # puts the next input in place
    read: Callable[[], bool]  # False where what was read is not what was saved


def fuzz(name: str, kind: Kind, inputs: int, seed: int) -> bool:
    """Whether one of the inputs fared badly; how many fared how is printed."""
    kind.read()  # so that what the first reading loads is no part of the growth
    rng, outcomes = random.Random(f"{name} {seed}"), Counter()
    longest, start = 0.0, megabytes()
    signal.signal(signal.SIGALRM, hang)
    for number in range(inputs):
        kind.damage(rng)
        before = time.perf_counter()
        signal.alarm(SECONDS)
        try:
            outcome = "read" if kind.read() else "wrong"
        except (UserError, RefusedError) as error:
            outcome = "refused"
            if len(str(error).splitlines()) != 1:
                outcome = "several lines"
                print(f"{name}, input {number}: {error!r}")
        except (Exception, HangError):  # noqa: BLE001 — what this looks for
            outcome = "traceback"
            print(f"{name}, input {number}:", traceback.format_exc(), sep="\n")
        finally:
            signal.alarm(0)
        outcomes[outcome] += 1
        longest = max(longest, time.perf_counter() - before)
    growth = megabytes() - start
    told = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
    print(f"{name:12} {told}; at most {longest:.1f} s and {growth:.0f} MB", flush=True)
    return not outcomes.keys() <= {"read", "refused"} or growth > MEGABYTES


def hang(*_: Any) -> None:
    raise HangError(f"more than {SECONDS} s")


def megabytes() -> float:
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
