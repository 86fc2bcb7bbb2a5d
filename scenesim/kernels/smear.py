"""Motion blur: light gathered along the motion in the image, so that what is near and moves smears over what is behind it."""

from __future__ import annotations

from math import sqrt

from scenesim.kernels.jit import inline, kernel

MOST_SAMPLES = 24


@inline
def _between(image, j, i, a, d, c):
    top = image[j, i, c] * (1.0 - a) + image[j, i + 1, c] * a
    return top * (1.0 - d) + (image[j + 1, i, c] * (1.0 - a) + image[j + 1, i + 1, c] * a) * d


@kernel
def smear(image, velocity, widest, tile, distance, from_s, to_s, begin, end, out):
    """Rows [begin, end) of an image (H, W, 3) exposed from from_s to to_s about its own time, written to out.

    After McGuire et al. 2012 ("A reconstruction filter for plausible motion blur"): velocity (H, W, 2) px/s of each pixel,
    widest (h, w, 2) the fastest of those about a tile of `tile` pixels, distance (H, W) m along the ray.
    """
    height, width, _ = image.shape
    reach = max(abs(from_s), abs(to_s))
    for y in range(begin, end):
        for x in range(width):
            vx, vy = widest[y // tile, x // tile, 0], widest[y // tile, x // tile, 1]
            path = sqrt(vx * vx + vy * vy) * (to_s - from_s)
            own = sqrt(velocity[y, x, 0] ** 2 + velocity[y, x, 1] ** 2) * reach
            if path < 0.5 and own < 0.5:
                for c in range(3):
                    out[y, x, c] = image[y, x, c]
                continue
            count = min(max(int(path) + 2, 3), MOST_SAMPLES)
            near = distance[y, x]
            r = g = b = total = 0.0
            for n in range(count):
                s = from_s + (n + 0.5) / count * (to_s - from_s)
                dx, dy = vx * s, vy * s
                fx = min(max(x - dx, 0.0), width - 1.001)
                fy = min(max(y - dy, 0.0), height - 1.001)
                xx, yy = int(fx + 0.5), int(fy + 0.5)
                there, far = distance[yy, xx], sqrt(dx * dx + dy * dy)
                speed = sqrt(velocity[yy, xx, 0] ** 2 + velocity[yy, xx, 1] ** 2) * reach
                # Does what is there come here meanwhile, and is it before what is here? Or is what is here gone meanwhile?
                soft = 0.03 * min(near, there) + 0.05
                before = min(max(0.5 + 0.5 * (near - there) / soft, 0.0), 1.0)
                behind = min(max(0.5 + 0.5 * (there - near) / soft, 0.0), 1.0)
                comes = min(max(speed - far + 1.0, 0.0), 1.0)
                goes = min(max(own - far + 1.0, 0.0), 1.0)
                w = before * comes + behind * goes
                if w <= 0.0:
                    continue
                i, j = int(fx), int(fy)
                a, d = fx - i, fy - j
                r += w * _between(image, j, i, a, d, 0)
                g += w * _between(image, j, i, a, d, 1)
                b += w * _between(image, j, i, a, d, 2)
                total += w
            # What of the exposure nothing came from is what is here.
            rest = max(1.0 - total / count, 0.0) if total > 0.0 else 1.0
            scale = (1.0 - rest) / total if total > 0.0 else 0.0
            out[y, x, 0] = scale * r + rest * image[y, x, 0]
            out[y, x, 1] = scale * g + rest * image[y, x, 1]
            out[y, x, 2] = scale * b + rest * image[y, x, 2]
