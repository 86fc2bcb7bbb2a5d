"""The Timeline: where everything is, at any time. A recording and a simulation have this one type."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scenesim.base.errors import InputError, Place
from scenesim.base.frames import Pose, interpolate
from scenesim.models.catalogue import ModelRequest

FORMAT = 1
EGO = 0  # row of the ego in every array over actors


@dataclass(frozen=True)
class ActorInfo:
    """What does not change: name, model, paint (linear RGB), attributes that were drawn."""

    name: str
    model: ModelRequest
    paint: tuple[float, float, float] = (0.5, 0.5, 0.5)
    paint_name: str = ""


@dataclass(frozen=True)
class State:
    """The A actors at one time: present (A,), world_from_actor poses (A,), articulation (A, J), lamps (A,) bits."""

    time_s: float
    present: NDArray[np.bool_]
    world_from_actor: Pose
    articulation: NDArray[np.float64]
    lamps: NDArray[np.int32]


@dataclass(frozen=True)
class Timeline:
    """K samples in time of A actors; actor 0 is the ego.

    time_s: (K,) increasing. world_from_actor: poses (A, K). present: (A, K). articulation: (A, K, J), channels of
    models.model.CHANNELS. lamps: (A, K) bits of models.model.LAMP_BITS. actors: A rows of what does not change.
    """

    time_s: NDArray[np.float64]
    world_from_actor: Pose
    present: NDArray[np.bool_]
    articulation: NDArray[np.float64]
    lamps: NDArray[np.int32]
    actors: tuple[ActorInfo, ...]

    @property
    def duration_s(self) -> float:
        return float(self.time_s[-1])

    def state_at(self, time_s: float) -> State:
        """The world at one time; between samples poses and articulation are interpolated, lamps are those of the sample
        before. Before the first and after the last sample everything goes on as it last moved."""
        t = self.time_s
        k = int(np.clip(np.searchsorted(t, time_s, side="right") - 1, 0, max(len(t) - 2, 0)))
        if len(t) == 1:
            pose, articulation = self.world_from_actor[:, 0], self.articulation[:, 0]
        else:
            u = (time_s - t[k]) / (t[k + 1] - t[k])
            pose = interpolate(self.world_from_actor[:, k], self.world_from_actor[:, k + 1], np.full(len(self.actors), u))
            articulation = self.articulation[:, k] * (1 - u) + self.articulation[:, k + 1] * u
        return State(float(time_s), self.present[:, k], pose, articulation, self.lamps[:, k])

    def ego_poses(self, times_s) -> Pose:
        """world_from_ego at times (N,)."""
        times = np.asarray(times_s, float)
        if len(self.time_s) == 1:
            pose = self.world_from_actor[EGO, 0]
            return Pose(np.tile(pose.rotation, (len(times), 1)), np.tile(pose.translation, (len(times), 1)))
        k = np.clip(np.searchsorted(self.time_s, times, side="right") - 1, 0, len(self.time_s) - 2)
        u = (times - self.time_s[k]) / (self.time_s[k + 1] - self.time_s[k])
        return interpolate(self.world_from_actor[EGO, k], self.world_from_actor[EGO, k + 1], u)

    def moved(self, world_from_old: Pose) -> Timeline:
        """The same events in a world moved rigidly."""
        return replace(self, world_from_actor=world_from_old @ self.world_from_actor)

    def save(self, path: str | Path) -> None:
        """Write to one file (a zip of .npy arrays and a JSON table); the same timeline gives the same bytes."""
        arrays = {
            "time_s": self.time_s,
            "rotation": self.world_from_actor.rotation,
            "translation": self.world_from_actor.translation,
            "present": self.present,
            "articulation": self.articulation,
            "lamps": self.lamps,
        }
        table = {"scenesim_timeline": FORMAT, "actors": [_actor_to_json(a) for a in self.actors]}
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
            z.writestr(zipfile.ZipInfo("timeline.json"), json.dumps(table, indent=1))
            for name, array in arrays.items():
                buffer = io.BytesIO()
                np.lib.format.write_array(buffer, np.ascontiguousarray(array), allow_pickle=False)
                z.writestr(zipfile.ZipInfo(f"{name}.npy"), buffer.getvalue())

    @staticmethod
    def load(path: str | Path) -> Timeline:
        """Read what `save` wrote. Raises InputError for anything else."""
        try:
            with zipfile.ZipFile(path) as z:
                table = json.loads(z.read("timeline.json"))
                if table.get("scenesim_timeline") != FORMAT:
                    raise InputError(
                        f"timeline of format {table.get('scenesim_timeline')}, this scenesim reads {FORMAT}", Place(str(path))
                    )
                a = {
                    n: np.lib.format.read_array(io.BytesIO(z.read(f"{n}.npy")), allow_pickle=False)
                    for n in ("time_s", "rotation", "translation", "present", "articulation", "lamps")
                }
            actors = tuple(_actor_from_json(r) for r in table["actors"])
        except (OSError, KeyError, ValueError, TypeError, zipfile.BadZipFile) as e:
            raise InputError(
                f"not a timeline that scenesim wrote ({e}); make one with: scenesim timeline --save", Place(str(path))
            ) from e
        pose = Pose(a["rotation"], a["translation"])
        return Timeline(a["time_s"], pose, a["present"], a["articulation"], a["lamps"], actors)


def _actor_to_json(a: ActorInfo) -> dict:
    options = dict(a.model.identity.options)  # where the file of a model lies is another matter on another machine
    return {
        "name": a.name,
        "model": {"kind": a.model.kind, "name": a.model.name, "key": a.model.key, "options": options},
        "paint": list(a.paint),
        "paint_name": a.paint_name,
    }


def _actor_from_json(row: dict) -> ActorInfo:
    m = row["model"]
    request = ModelRequest(m["kind"], m["name"], m["key"], tuple(sorted(m["options"].items())))
    r, g, b = row["paint"]
    return ActorInfo(row["name"], request, (r, g, b), row["paint_name"])
