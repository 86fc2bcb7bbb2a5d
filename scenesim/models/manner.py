"""How people get about and what they do with their hands: the mobility aids, things and postures that a recipe or option names.

What somebody wheels along as a thing of its own (a pram, another person's wheelchair), a dog on its lead and a child at the
hand are actors beside them: `company` says where. Frames of places here: x to the side of the hand, y forward, z up, m.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scenesim.models import arms, posture
from scenesim.models.body_shape import Body
from scenesim.models.skeleton import Arm, Posture

MOBILITY = ("none", "wheelchair", "pushed_wheelchair", "walker", "crutches", "white_cane", "walking_stick")
CARRIES = (
    "none", "suitcase", "phone", "call", "pram", "shopping_trolley", "wheelchair", "dog", "child", "held_by_hand", "baby",
    "box", "lollipop", "shovel",
)  # fmt: skip
POSTURES = ("upright", "sit", "kneel", "lie", "push", "direct")
SEATED = ("wheelchair", "pushed_wheelchair")
# Pace against that of who walks unaided: gait speeds with aids are about 0.4 to 0.9 m/s against 1.3 (Bohannon 1997; Schwenk et
# al. 2011, rollators; recalled), of manual wheelchairs about 0.8 to 1.1 m/s in daily life (Tolerico et al. 2007, recalled).
PACE = {
    "wheelchair": 0.80, "pushed_wheelchair": 0.80, "walker": 0.48, "crutches": 0.60, "white_cane": 0.75, "walking_stick": 0.66,
}  # fmt: skip
HANDLE = 0.485  # height of the handles of walking aids: that of the wrist, in statures (Drillis and Contini 1966)
WHEEL_R_M, RIM_R_M = 0.30, 0.265  # of a wheelchair of adult size
PRAM_BAR = (0.43, 1.03)  # behind its middle, and over the ground
TROLLEY_BAR = (0.44, 1.0)
CHAIR_BAR = (0.33, 0.92)


@dataclass(frozen=True)
class Manner:
    """arms, lean, bow, posture: fields of skeleton.Walker. fists: sides whose hand is closed."""

    arms: tuple[Arm, Arm] = (Arm(), Arm())
    lean: float = 0.0
    bow: float = 0.0
    posture: Posture | None = None
    fists: tuple[str, ...] = ()

    @property
    def walker(self) -> dict[str, Any]:
        """What models/gait.py: walker is told."""
        return {"arms": self.arms, "lean": self.lean, "bow": self.bow, "posture": self.posture}


@dataclass(frozen=True)
class Company:
    """An actor beside somebody: kind, name and options of its request, and where it is against them, m."""

    kind: str
    name: str
    ahead_m: float
    left_m: float
    options: dict[str, Any] = field(default_factory=dict)


def chair_scale(b: Body) -> float:
    """Size of a wheelchair against that of an adult."""
    return min(max(b.k, 0.66), 1.05)


def _bar(b: Body, ahead: float, height: float, half: float = 0.20) -> Arm:
    """A hand on a bar across."""
    return Arm("grip", (half * min(b.k, 1.0), ahead, height), (0.0, 0.85, -0.5), (-1.0, 0.0, 0.05), (0.5, -0.6, -0.6))


def bar_ahead(b: Body) -> float:
    """How far before the hips a bar is pushed, m."""
    return 0.38 * b.k


def _by_mobility(b: Body, mobility: str) -> Manner:
    handle, k = HANDLE * b.h + b.sole_m, b.k
    if mobility == "wheelchair":
        s = chair_scale(b)
        rim = Arm("rim", (0.315 * s, -0.02 * s, WHEEL_R_M * s), (0, 0, -1), (-0.35, 0.9, 0.2), (0.6, -0.8, -0.1), RIM_R_M * s)
        return Manner((rim, rim), bow=0.06, posture=posture.seated(b, 0.51 * s, 0.115 * s, 0.20), fists=("r", "l"))
    if mobility == "pushed_wheelchair":
        s = chair_scale(b)
        at = (0.13 * k, 0.30 * k, 0.51 * s + 0.215 * k)
        lap = Arm("grip", at, (-0.45, 0.85, -0.25), (-0.7, -0.35, 0.5), (0.6, -0.6, -0.4))
        return Manner((lap, lap), posture=posture.seated(b, 0.51 * s, 0.115 * s, 0.02))
    if mobility == "walker":
        grip = Arm("grip", (0.25 * k, 0.20 * k, handle + 0.02 * k), (-0.15, 0.35, -0.9), (0.0, 0.95, 0.3), (0.5, -0.8, -0.3))
        return Manner((grip, grip), lean=0.17, bow=0.10, fists=("r", "l"))
    if mobility in ("crutches", "walking_stick"):
        stick = Arm("stick", (0.26 * k, 0.14 * k, 0.0), thumb=(-0.05, 1.0, 0.25), elbow=(0.3, -0.9, -0.2), length_m=handle)
        if mobility == "crutches":
            return Manner((stick, stick), lean=0.12, fists=("r", "l"))
        return Manner((stick, Arm()), lean=0.05, fists=("r",))
    if mobility == "white_cane":
        cane = Arm(
            "cane", (0.07 * k, 0.26 * k, 0.56 * b.h), thumb=(-0.3, 0.3, 1.0), elbow=(0.7, -0.6, -0.4), length_m=0.70 * b.h
        )
        return Manner((cane, Arm()), fists=("r",))
    return Manner()


def _by_load(b: Body, carries: str) -> Manner:
    k, h = b.k, b.h
    bars = {"pram": PRAM_BAR, "shopping_trolley": TROLLEY_BAR, "wheelchair": CHAIR_BAR}
    if carries in bars:
        bar = _bar(b, bar_ahead(b), bars[carries][1], 0.215 if carries == "wheelchair" else 0.17)
        return Manner((bar, bar), lean=0.08, bow=0.04, fists=("r", "l"))
    if carries == "suitcase":
        pull = Arm("grip", (0.27 * k, -0.14 * k, 0.435 * h), (0.0, -0.3, -0.95), (-0.9, 0.2, -0.1), (0.3, -0.9, -0.2))
        return Manner((pull, Arm()), fists=("r",))
    if carries == "phone":
        look = Arm("grip", (0.05 * k, 0.28 * k, 0.71 * h), (-0.25, 0.35, 0.9), (1.0, 0.1, 0.2), (0.5, -0.3, -0.9))
        return Manner((look, Arm()), bow=0.38, fists=("r",))
    if carries == "call":
        ear = b.head_centre - b.joint("head")
        at = (0.112 * k, float(ear[1]) + 0.040 * k, float(ear[2]) - 0.045 * k)
        call = Arm("grip", at, (-0.22, -0.50, 0.83), (0.0, -0.83, -0.5), (0.45, 0.1, -0.9), of="head")
        return Manner((call, Arm()), fists=("r",))
    if carries == "dog":
        return Manner((Arm(), Arm("grip", (0.25 * k, 0.10 * k, 0.45 * h), (0.05, 0.15, -1.0), (-0.3, 1.0, 0.1))), fists=("l",))
    if carries == "child":
        hand = Arm("grip", (0.31 * k, 0.05 * k, 0.42 * h), (0.15, 0.1, -1.0), (-0.2, 1.0, 0.0))
        return Manner((Arm(), hand), fists=("l",))
    if carries == "held_by_hand":
        up = Arm("grip", (0.24, 0.03, 0.66 * h), (0.75, 0.1, 0.35), (-0.2, 1.0, 0.2), (0.6, -0.6, -0.6))
        return Manner((up, Arm()), fists=("r",))
    if carries == "baby":
        under = Arm("grip", (0.02 * k, 0.20 * k, 0.63 * h), (-0.9, 0.35, 0.15), (0.0, 0.35, 1.0), (0.9, -0.3, -0.6))
        around = Arm("grip", (0.03 * k, 0.24 * k, 0.715 * h), (-0.9, 0.2, 0.2), (0.0, 0.3, 1.0), (0.9, -0.2, -0.6))
        return Manner((around, under), lean=-0.07)
    if carries == "box":
        hold = Arm("grip", (0.235, 0.33 * k, 0.60 * h), (-0.12, 0.95, -0.05), (0.0, 0.2, 1.0), (0.6, -0.8, -0.4))
        return Manner((hold, hold), lean=-0.07)
    if carries == "lollipop":
        at = (0.30 * k, 0.22 * k, 0.66 * h)
        return Manner((Arm("grip", at, (0.2, 0.95, 0.05), (0.0, 0.0, 1.0), (0.5, -0.7, -0.6)), Arm()), fists=("r",))
    if carries == "shovel":
        low = Arm("grip", (0.10 * k, 0.62 * k, 0.36 * h), (-0.25, 0.5, -0.85), (0.2, 0.85, -0.3), (0.7, -0.3, -0.6))
        high = Arm("grip", (0.02 * k, 0.34 * k, 0.50 * h), (-0.5, 0.45, -0.75), (0.7, 0.6, 0.2), (0.8, -0.5, -0.4))
        return Manner((low, high), lean=0.55, bow=0.1, fists=("r", "l"))
    return Manner()


def of(b: Body, mobility: str, carries: str, bag: str, stays: str) -> Manner:
    """The manner of a body: by its posture where it has one, else by what it gets about with, then by what it carries."""
    if stays == "sit":
        lap = Arm("grip", (0.13 * b.k, 0.27 * b.k, 0.45 + 0.21 * b.k), (-0.3, 0.9, -0.2), (-0.8, -0.2, 0.5), (0.6, -0.6, -0.4))
        return Manner((lap, lap), posture=posture.seated(b, min(0.45, 0.98 * b.segment_m), 0.0, 0.10, 0.0))
    if stays == "kneel":
        work = Arm("grip", (0.16 * b.k, 0.42 * b.k, 0.20 * b.k), (-0.2, 0.6, -0.8), (-0.8, 0.3, 0.3), (0.6, -0.3, -0.6))
        rest = Arm("grip", (0.17 * b.k, 0.34 * b.k, 0.53 * b.k), (-0.2, 0.9, -0.3), (-0.8, -0.2, 0.5), (0.7, -0.5, -0.3))
        return Manner((work, rest), posture=posture.kneeling(b), fists=("r",))
    if stays == "lie":
        r = Arm("grip", (0.45 * b.k, 0.02, 0.07 * b.k), (0.7, 0.7, -0.05), (0.3, -0.3, 1.0), (0.9, 0.1, 0.1))
        l = Arm("grip", (0.30 * b.k, -0.55 * b.k, 0.06 * b.k), (0.6, -0.8, 0.0), (0.8, 0.6, 0.2), (0.9, -0.2, 0.2))
        return Manner((r, l), posture=posture.lying(b))
    if stays == "direct":  # traffic, by hand
        return Manner((Arm("signal"), Arm("signal")))
    if stays == "push":
        push = Arm("grip", (0.22 * b.k, 0.62 * b.k, 0.60 * b.h), (0.0, 0.25, 0.95), (-1.0, 0.1, 0.2), (0.7, -0.4, -0.6))
        return Manner((push, push), lean=0.50, bow=-0.35)
    if mobility != "none":
        return _by_mobility(b, mobility)
    if carries != "none":
        return _by_load(b, carries)
    hand = {"umbrella": "up", "handbag": "down"}.get(bag)
    if hand == "up":
        return Manner((Arm("up"), Arm()), fists=("r",))
    return Manner((Arm(), Arm("down")), fists=("l",)) if hand else Manner()


def on(saddle: posture.Saddle) -> Manner:
    """Somebody who rides, hands on the bar."""
    y, x, z = saddle.hands
    hold = Arm("grip", (x, y, z), (-0.05, 0.85, -0.5), (-1.0, 0.0, 0.05), (0.75, -0.4, -0.6))
    return Manner((hold, hold), posture=posture.riding(saddle), fists=("r", "l"))


BABY_HIP_M = 0.30


def in_arms(b: Body) -> Manner:
    """A small child that is carried: sits, an arm around its mother."""
    k = b.k
    arm = Arm("grip", (0.20 * k, 0.30 * k, BABY_HIP_M + 0.30 * k), (-0.3, 0.9, 0.1), (-0.3, 0.2, 0.9), (0.6, -0.5, -0.6))
    return Manner((arm, arm), posture=posture.seated(b, BABY_HIP_M - posture.OVER_SEAT_M * k, 0.05, 0.05, 0.0))


def stride_m(attributes: Mapping[str, str], walks_m: float) -> float:
    """Run of one cycle of GAIT_RAD: a push of a wheelchair, else the stride that somebody walks with."""
    return arms.CYCLE_M if attributes.get("mobility") == "wheelchair" else walks_m


def company(attributes: Mapping[str, str], variant: int) -> Company | None:
    """Who or what goes with somebody of such attributes; variant: one of a few."""
    said = attributes.get("carries", "none")
    if attributes.get("mobility") == "pushed_wheelchair":
        pusher = {"carries": "wheelchair", "mobility": "none", "height_m": 1.70}
        return Company("person", ("adult_woman", "adult_man")[variant % 2], -0.38 * 1.70 / 1.75 - CHAIR_BAR[0], 0.0, pusher)
    k = float(attributes["height_m"]) / 1.75
    ahead = 0.38 * k
    if said == "pram":
        return Company("aid", "pram", ahead + PRAM_BAR[0], 0.0)
    if said == "shopping_trolley":
        return Company("aid", "shopping_trolley", ahead + TROLLEY_BAR[0], 0.0)
    if said == "wheelchair":
        name = ("older_woman", "older_man")[variant % 2]
        return Company("person", name, ahead + CHAIR_BAR[0], 0.0, {"mobility": "pushed_wheelchair", "carries": "none"})
    if said == "dog":
        return Company("animal", "dog", 0.75, 0.40)
    if said == "child":
        age = (4.0, 5.0, 6.0)[variant % 3]
        return Company(
            "person", "child", 0.02, 0.31 * k + 0.24, {"age_years": age, "carries": "held_by_hand", "mobility": "none"}
        )
    return None


def lead(height_m: float) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Ends of a dog's lead in the frame of who holds it: at the hand, and at the collar of the dog beside."""
    k = height_m / 1.75
    beside = company({"carries": "dog", "height_m": str(height_m)}, 0)
    assert beside is not None
    return (0.10 * k, 0.25 * k, 0.45 * height_m), (beside.ahead_m + 0.36, beside.left_m, 0.62)


def pace(mobility: str) -> float:
    """Share of the usual walking speed."""
    return PACE.get(mobility, 1.0)
