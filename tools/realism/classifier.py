"""A two-sample test by classifier (Lopez-Paz and Oquab 2017): can a forest tell patches of A from patches of B?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scenesim.base import keys
from tools.realism.patches import Patches

TREES, LEAST_LEAF, TRIES = 40, 12, 6  # thresholds that are tried at a node, of as many features as the root of their number
MOST = 2000  # patches of a set


class _Tree(NamedTuple):
    """Nodes: feature (-1 a leaf), threshold, where the lower and the upper part go, share of B."""

    feature: NDArray[np.int64]
    threshold: NDArray[np.float64]
    child: NDArray[np.int64]
    share: NDArray[np.float64]


def _grow(x: NDArray, y: NDArray, rng: np.random.Generator) -> _Tree:
    """Extremely randomized tree (Geurts et al. 2006): of some features and random thresholds, the split of the least Gini
    impurity."""
    feature, threshold, child, share = [], [], [], []
    waiting = [(np.arange(len(y)), -1, 0)]
    some = max(1, int(round(np.sqrt(x.shape[1]))))
    while waiting:
        rows, parent, side = waiting.pop()
        node = len(feature)
        feature.append(-1), threshold.append(0.0), child.append([-1, -1]), share.append(float(y[rows].mean()))
        if parent >= 0:
            child[parent][side] = node
        if len(rows) < 2 * LEAST_LEAF or share[-1] in (0.0, 1.0):
            continue
        tried = np.repeat(rng.permutation(x.shape[1])[:some], TRIES)
        here = x[rows][:, tried]
        low, high = here.min(0), here.max(0)
        at = low + rng.uniform(size=len(tried)) * (high - low)
        lower = here <= at
        n = lower.sum(0)
        of_b = (lower * y[rows][:, None]).sum(0)
        p, q = of_b / np.maximum(n, 1), (y[rows].sum() - of_b) / np.maximum(len(rows) - n, 1)
        impure = n * p * (1 - p) + (len(rows) - n) * q * (1 - q)
        impure[(n < LEAST_LEAF) | (len(rows) - n < LEAST_LEAF)] = np.inf
        best = int(impure.argmin())
        if not np.isfinite(impure[best]):
            continue
        feature[node], threshold[node] = int(tried[best]), float(at[best])
        waiting += [(rows[lower[:, best]], node, 0), (rows[~lower[:, best]], node, 1)]
    return _Tree(np.array(feature), np.array(threshold), np.array(child), np.array(share))


def _ask(tree: _Tree, x: NDArray) -> NDArray[np.float64]:
    node = np.zeros(len(x), int)
    while True:
        inner = np.flatnonzero(tree.feature[node] >= 0)
        if len(inner) == 0:
            return tree.share[node]
        at = node[inner]
        upper = x[inner, tree.feature[at]] > tree.threshold[at]
        node[inner] = tree.child[at, upper.astype(int)]


def auc(score: NDArray, is_b: NDArray) -> float:
    """Area under the ROC curve: the chance that a patch of B scores higher than one of A, ties by halves (Hanley and McNeil
    1982)."""
    both, place = np.unique(score, return_inverse=True)
    count = np.bincount(place, minlength=len(both))
    rank = (np.cumsum(count) - 0.5 * (count - 1))[place]
    b = int(is_b.sum())
    return float((rank[is_b].sum() - b * (b + 1) / 2) / (b * (len(is_b) - b)))


def tell_apart(a: NDArray, b: NDArray, fold_a: NDArray, fold_b: NDArray, seed: int = 0) -> float:
    """How well rows of A (N, F) and of B (M, F) can be told apart: the area under the ROC curve of a forest, each fold judged
    by trees that have seen the others only, all folds together; 0.5 not at all (a little less by chance), 1 always.

    A and B weigh the same: of the larger set, as many rows are drawn as the smaller has, and MOST at most. Rows of the same
    scene belong in one fold.
    """
    rng = keys.generator(keys.derive(keys.root(seed), "two samples"))
    n = min(len(a), len(b), MOST)
    pick_a, pick_b = (rng.permutation(len(s))[:n] for s in (a, b))
    x = np.concatenate([a[pick_a], b[pick_b]])
    y = np.repeat([0.0, 1.0], n)
    fold = np.concatenate([fold_a[pick_a], fold_b[pick_b]])
    score = np.full(2 * n, np.nan)
    for k in np.unique(fold):
        test, train = np.flatnonzero(fold == k), np.flatnonzero(fold != k)
        if not 0.0 < y[train].mean() < 1.0:
            continue
        trees = [_grow(x[train], y[train], rng) for _ in range(TREES)]
        score[test] = np.mean([_ask(t, x[test]) for t in trees], 0)
    judged = np.isfinite(score)
    return auc(score[judged], y[judged] > 0.5)


def compare(a: Patches, b: Patches, seed: int = 0) -> dict[str, float]:
    """`tell_apart` by the features of each group, and by all of them."""
    groups = {name: (getattr(a, name), getattr(b, name)) for name in ("noise", "intensity", "geometry")}
    groups["all"] = tuple(np.concatenate([g[k] for g in groups.values()], 1) for k in (0, 1))
    return {name: tell_apart(x, y, a.fold, b.fold, seed) for name, (x, y) in groups.items()}
