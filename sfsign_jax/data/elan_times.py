"""When the annotations of an ELAN file are: those that have a time, and those that share one."""

import xml.etree.ElementTree as ET
from collections import deque
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from sfsign_jax.errors import UserError

LAST = 2**32  # milliseconds, as ELAN's schema has it


def slot_times(root: ET.Element, path: Path) -> dict[str, float]:
    """The times of the slots that annotations begin and end at, in milliseconds.

    A slot without one lies between two others: annotations that follow each other without a gap
    divide the time from the first to the last evenly, as ELAN shows them. What is in no such chain
    lies between its neighbours in the file.

    Raises:
        UserError: a time is no number of milliseconds.
    """
    times: dict[str, float] = {}
    order = []
    for slot in root.iterfind("TIME_ORDER/TIME_SLOT"):
        name, value = slot.get("TIME_SLOT_ID", ""), slot.get("TIME_VALUE")
        order.append(name)
        if value is not None:
            if not (value.isascii() and value.isdigit() and len(value) < 12 and int(value) < LAST):
                raise UserError(
                    f"{path}: the time {value[:80]!r} of {name!r} is no number of milliseconds: "
                    "open the file in ELAN and save it again"
                )
            times[name] = int(value)
    for tier in root.iterfind("TIER"):
        for chain in chains(tier, times):
            divide(chain, times)
    timed = [i for i, name in enumerate(order) if name in times]
    for first, last in pairwise(timed):
        divide(order[first : last + 1], times)
    return times


def chains(tier: ET.Element, times: dict[str, float]) -> list[list[str]]:
    """From a slot with a time to the next one that has one, along annotations without a gap."""
    following = {
        annotation.get("TIME_SLOT_REF1", ""): annotation.get("TIME_SLOT_REF2", "")
        for annotation in tier.iterfind("ANNOTATION/ALIGNABLE_ANNOTATION")
    }
    found = []
    for start in [slot for slot in following if slot in times]:
        chain = [start]
        while (slot := following.pop(chain[-1], None)) is not None:
            chain.append(slot)
            if slot in times:
                found.append(chain)
                break
    return found


def divide(slots: Sequence[str], times: dict[str, float]) -> None:
    """Give those between the first and the last of the slots their times."""
    first, last = times[slots[0]], times[slots[-1]]
    for i, slot in enumerate(slots[1:-1], start=1):
        times[slot] = first + (last - first) * i / (len(slots) - 1)


def annotation_times(root: ET.Element, slots: dict[str, float]) -> dict[str, tuple[float, float]]:
    """From when to when each annotation is, of those that can be known, in milliseconds.

    Annotations that refer to another one divide its time among them; a single one has all of it.
    """
    times: dict[str, tuple[float, float]] = {}
    parts: dict[str, list[list[ET.Element]]] = {}  # of an annotation: those of each tier
    for tier in root.iterfind("TIER"):
        referring: dict[str, list[ET.Element]] = {}
        for annotation in tier.iterfind("ANNOTATION/*"):
            if annotation.tag == "REF_ANNOTATION":
                referring.setdefault(annotation.get("ANNOTATION_REF", ""), []).append(annotation)
                continue
            ends = [slots.get(annotation.get(f"TIME_SLOT_REF{i}", "")) for i in (1, 2)]
            if ends[0] is not None and ends[1] is not None:
                times[annotation.get("ANNOTATION_ID", "")] = (ends[0], ends[1])
        for parent, some in referring.items():
            parts.setdefault(parent, []).append(some)
    waiting = deque(times)
    while waiting:
        parent = waiting.popleft()
        start, end = times[parent]
        for some in parts.pop(parent, ()):  # only once, so that a circle has an end
            for i, name in enumerate(in_order(some)):
                step = (end - start) / len(some)
                times[name] = (start + i * step, start + (i + 1) * step)
                waiting.append(name)
    return times


def in_order(annotations: Sequence[ET.Element]) -> list[str]:
    """The ids of annotations that refer to the same one, each after the one that it names."""
    names = [annotation.get("ANNOTATION_ID", "") for annotation in annotations]
    after = {
        annotation.get("PREVIOUS_ANNOTATION"): name
        for annotation, name in zip(annotations, names, strict=True)
    }
    ordered, last = [], None
    while last in after:
        last = after.pop(last)
        ordered.append(last)
    return ordered if len(ordered) == len(names) else names
