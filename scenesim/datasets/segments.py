"""The parts of a label image: one for each object and class that a camera sees, as formats of masks want them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenesim.base import taxonomy
from scenesim.capture.frame import Frame, Image

# Categories of the COCO detection set that our classes map to, with their ids (cocodataset.org, 2017). Classes that COCO does
# not have keep their own names, with ids that COCO does not use.
COCO_IDS = {
    "person": 1, "bicycle": 2, "car": 3, "motorcycle": 4, "bus": 6, "train": 7, "truck": 8, "traffic light": 10,
    "bird": 16, "cat": 17, "dog": 18, "horse": 19, "sheep": 20, "cow": 21,
}  # fmt: skip
OWN_IDS = 200


@dataclass(frozen=True)
class Segment:
    """Pixels of one object and class: mask (h, w) bool of the rows and columns from (top, left) on. track 0: things that are
    not told apart."""

    track: int
    class_id: int
    top: int
    left: int
    mask: NDArray[np.bool_]

    @property
    def area(self) -> int:
        return int(self.mask.sum())

    @property
    def bbox(self) -> list[int]:
        """left, top, width, height."""
        return [self.left, self.top, self.mask.shape[1], self.mask.shape[0]]


def segments(image: Image, stuff: bool = False) -> list[Segment]:
    """Segments of things by track and class, then, if asked for, one for each class of stuff; void belongs to neither.

    A thing is a pixel of a class that is counted, or that rides one: pixels of a pole are stuff, though a sign hangs on it.
    """
    counted = np.zeros(256, bool)
    void = np.zeros(256, bool)
    for info in taxonomy.classes().values():
        counted[info.id] = info.thing or info.name == "rider"
        void[info.id] = info.name == "void"
    is_thing = counted[image.class_id]
    key = np.where(is_thing, (1 << 24) | (image.instance.astype(np.int64) << 8), 0) | image.class_id
    wanted = is_thing | stuff
    rows, columns = np.nonzero(wanted & ~void[image.class_id])
    key = key[rows, columns]
    order = np.argsort(key, kind="stable")
    key, rows, columns = key[order], rows[order], columns[order]
    found, start = np.unique(key, return_index=True)
    ends = np.append(start, len(key))
    out = []
    for k, name in enumerate(found.tolist()):
        r, c = rows[ends[k] : ends[k + 1]], columns[ends[k] : ends[k + 1]]
        top, left = int(r[0]), int(c.min())  # in reading order within a key
        mask = np.zeros((int(r[-1]) + 1 - top, int(c.max()) + 1 - left), bool)
        mask[r - top, c - left] = True
        out.append(Segment((name >> 8) & 0xFFFF, name & 0xFF, top, left, mask))
    return sorted(out, key=lambda s: (not counted[s.class_id], s.track, s.class_id))


def categories(stuff: bool = False) -> dict[int, tuple[str, bool]]:
    """Category id -> (name, whether it is counted), ascending: those of COCO where it has one, else our own."""
    rows = {}
    for info in taxonomy.classes().values():
        thing = info.thing or info.name == "rider"
        if (thing or stuff) and info.name != "void":
            coco = str(info.in_taxonomy("coco")) if thing else ""
            rows[COCO_IDS[coco] if coco else OWN_IDS + info.id] = (coco or info.name, thing)
    for values in taxonomy.roles("coco").values():
        rows |= {COCO_IDS[name]: (name, True) for name in values.values()}
    return dict(sorted(rows.items()))


def category_ids() -> NDArray[np.int64]:
    """(256,) category of each class id, 0 for void."""
    table = np.zeros(256, np.int64)
    for info in taxonomy.classes().values():
        coco = str(info.in_taxonomy("coco")) if info.thing or info.name == "rider" else ""
        table[info.id] = 0 if info.name == "void" else COCO_IDS[coco] if coco else OWN_IDS + info.id
    return table


def part_categories(frame: Frame, parts: list[Segment]) -> list[int]:
    """Category id of each part: of its class, or of its object where that says more than the class, such as a cow."""
    objects, table = frame.objects, category_ids()
    found = {}
    for track, class_id, said in zip(objects.track.tolist(), objects.class_id.tolist(), objects.attributes):
        name = taxonomy.role("coco", said)
        if name:
            found[track, class_id] = COCO_IDS[name]
    return [found.get((part.track, part.class_id), int(table[part.class_id])) for part in parts]
