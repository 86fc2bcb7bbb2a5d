"""The native dataset: exact round trips, files that others open, the same bytes always; torn ones never look whole."""

from __future__ import annotations

import dataclasses
import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image as Picture

from scenesim.base.errors import InputError
from scenesim.base.frames import Pose
from scenesim.base.keys import Key, derive, generator
from scenesim.capture.frame import CameraBoxes, Frame, Image, Layout, MapLane, Objects, Sweep
from scenesim.datasets import disk
from scenesim.datasets.native import NativeWriter, frame_files
from scenesim.datasets.png import png
from scenesim.datasets.reader import open_native
from scenesim.datasets.writer import WRITERS, Writer, writer_class
from scenesim.kernels.png_rows import filter_rows

YAML = "name: made_up\nseed: 7\n"


def rng_of(*names):
    return generator(derive(Key(0), "test", *names))


def a_pose(rng, *shape):
    q = rng.normal(size=(*shape, 4))
    return Pose(q / np.sqrt((q * q).sum(-1, keepdims=True)), rng.normal(size=(*shape, 3)) * 50)


def an_image(rng, name, h, w):
    depth = rng.uniform(1, 90, (h, w)).astype(np.float32)
    depth[: h // 4] = np.inf
    normal = rng.normal(size=(h, w, 3)).astype(np.float32)
    flow = rng.normal(size=(h, w, 2)).astype(np.float32)
    normal[: h // 4] = flow[: h // 4] = np.nan
    return Image(
        camera=name,
        rgb=rng.integers(0, 256, (h, w, 3), dtype=np.uint8),
        class_id=rng.integers(0, 40, (h, w), dtype=np.uint8),
        instance=rng.integers(0, 65536, (h, w)).astype(np.uint16),
        depth_m=depth,
        range_m=depth * np.float32(1.1),
        normal=normal,
        flow_px=flow,
        mark=np.repeat(rng.integers(0, 3, (h, 1), dtype=np.uint8), w, 1),
        row_time_s=rng.uniform(size=h),
        world_from_camera=a_pose(rng),
        transmittance=rng.integers(0, 256, (h, w), dtype=np.uint8),
    )


def a_sweep(rng, name, n):
    def f(*shape):
        return rng.normal(size=(n, *shape)).astype(np.float32)

    def u(high, kind):
        return rng.integers(0, high, n).astype(kind)

    return Sweep(
        lidar=name,
        xyz_m=f(3),
        xyz_ego_m=f(3),
        range_m=f(),
        intensity=f(),
        ring=u(64, np.uint16),
        column=u(1800, np.uint16),
        azimuth_rad=f(),
        time_offset_s=f(),
        class_id=u(40, np.uint8),
        instance=u(65536, np.uint16),
        normal=f(3),
        incidence_rad=f(),
        hit=u(8, np.uint8),
        echo=u(3, np.uint8),
        echoes=u(3, np.uint8),
        transmittance=f(),
        true_range_m=f(),
        radial_velocity_m_s=f(),
        doppler_m_s=f(),
        scene_flow_m_s=f(3),
        pulses=n + 5,
        world_from_lidar=a_pose(rng),
    )


def a_frame(index=12, objects=5, points=300, cameras=(("front", 18, 31), ("left-1", 9, 16)), lanes=2):
    rng = rng_of("frame", index)
    o = objects

    def box(camera):
        visible = rng.normal(size=(o, 4)).astype(np.float32)
        visible[::2] = np.nan
        values = (rng.uniform(size=o).astype(np.float32) for _ in range(2))
        pixels = rng.integers(0, 900, o).astype(np.int32)
        contrast = (np.float32(k) + np.arange(o, dtype=np.float32) / 8 for k in range(2))
        return CameraBoxes(camera, visible, visible + 1, *values, pixels, *contrast)

    table = Objects(
        track=np.arange(1, o + 1, dtype=np.uint16),
        class_id=rng.integers(0, 3, o).astype(np.uint8),
        name=tuple(f"actor é {k}" for k in range(o)),
        world_from_object=a_pose(rng, o),
        size_lwh_m=rng.uniform(1, 5, (o, 3)),
        velocity_m_s=rng.normal(size=(o, 3)),
        acceleration_m_s2=rng.normal(size=(o, 3)),
        angular_velocity_rad_s=rng.normal(size=(o, 3)),
        lidar_points={"top": rng.integers(0, 99, o).astype(np.int32)},
        lidar_points_lost={"top": rng.integers(0, 9, o).astype(np.int32)},
        cameras={name: box(name) for name, _, _ in cameras},
        attributes=tuple({"pose": "standing", "b": str(k)} if k % 2 else {} for k in range(o)),
    )
    row = {"role": "ego_left", "kind": "solid", "color": "white", "road": "7", "lane": -1}
    return Frame(
        scenario="made_up",
        index=index,
        time_s=index / 10,
        world_from_ego=a_pose(rng),
        ego_velocity_m_s=rng.normal(size=3),
        images={name: an_image(rng, name, h, w) for name, h, w in cameras},
        sweeps={"top": a_sweep(rng, "top", points)},
        objects=table,
        calibration={"front": {"model": "pinhole", "focal_px": 31.5, "size": [31, 18]}, "top": {"beams": 64}},
        ego_lanes=tuple(row | {"points_m": rng.normal(size=(4 + k, 3)).astype(np.float32)} for k in range(lanes)),
        classes={0: "sky", 1: "car", 2: "person"},
        layout=a_layout(),
    )


def a_layout():
    rng = rng_of("layout")

    def points(n):
        return rng.normal(size=(n, 3)) * 100

    marks = ("solid", "white", "none", "")
    lanes = (
        MapLane("7_0_-1", "driving", False, points(4), points(4), *marks, right="7_0_-2", successors=("8_0_-1", "9_0_-1")),
        MapLane("8_0_-1", "driving", True, points(2), points(2), *marks, predecessors=("7_0_-1",)),
    )
    return Layout(lanes, (points(5), points(3)), (), (points(4),))


def writer(folder, **more):
    return NativeWriter(folder, scenario_yaml=YAML, version="1.2.3", **more)


def write(folder, frames, **more):
    with writer(folder, **more) as w:
        for frame in frames:
            w.write(frame)
    return folder


def contents(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def same(a, b, where="frame"):
    """Assert that two Frames, or parts of them, are equal to the last bit, types and the meaning of nothing included."""
    assert type(a) is type(b), where
    if dataclasses.is_dataclass(a):
        for f in dataclasses.fields(a):
            same(getattr(a, f.name), getattr(b, f.name), f"{where}.{f.name}")
    elif isinstance(a, np.ndarray):
        assert a.dtype == b.dtype and a.shape == b.shape, f"{where}: {a.dtype}{a.shape} {b.dtype}{b.shape}"
        assert a.tobytes() == b.tobytes(), where
    elif isinstance(a, dict):
        assert list(a) == list(b), where
        for k in a:
            same(a[k], b[k], f"{where}[{k}]")
    elif isinstance(a, tuple | list):
        assert len(a) == len(b), where
        for k, (x, y) in enumerate(zip(a, b)):
            same(x, y, f"{where}[{k}]")
    else:
        assert a == b, where


@pytest.mark.parametrize("odd", [{}, {"objects": 0}, {"points": 0, "lanes": 0}, {"cameras": ()}], ids=str)
def test_frames_come_back_exactly(tmp_path, odd):
    frames = [a_frame(3, **odd), a_frame(12, **odd)]
    data = open_native(write(tmp_path / "new" / "set", frames))
    assert len(data) == 2 and data.indices == [3, 12] and data.scenario_yaml == YAML
    for before, after in zip(frames, data):
        same(before, after)


def test_others_open_the_files(tmp_path):
    frame = a_frame()
    here = write(tmp_path / "set", [frame]) / "frames" / "000012"
    image, sweep, front = frame.images["front"], frame.sweeps["top"], here / "front"
    assert (cv2.imread(str(front / "rgb.png"))[..., ::-1] == image.rgb).all()
    for name, array in (("class", image.class_id), ("instance", image.instance), ("mark", image.mark)):
        seen = cv2.imread(str(front / f"{name}.png"), cv2.IMREAD_UNCHANGED)
        assert seen.dtype == array.dtype and (seen == array).all()
        assert (np.array(Picture.open(front / f"{name}.png")) == array).all()
    depth = pq.read_table(front / "geometry.parquet")["depth_m"].to_numpy().reshape(image.depth_m.shape)
    assert (depth == image.depth_m).all()
    cloud = pq.read_table(here / "top" / "points.parquet")
    assert (cloud["z_ego_m"].to_numpy() == sweep.xyz_ego_m[:, 2]).all() and (cloud["ring"].to_numpy() == sweep.ring).all()
    table = pq.read_table(here / "objects.parquet")
    assert table["velocity_y_m_s"].to_pylist() == frame.objects.velocity_m_s[:, 1].tolist()
    assert table["class"].to_pylist() == [frame.classes[int(c)] for c in frame.objects.class_id]
    assert set(table["frame"].to_pylist()) == {12} and set(table["time_s"].to_pylist()) == {1.2}


def test_png_against_two_decoders():
    rng = rng_of("png")
    shapes = [(1, 1), (1, 700), (700, 1), (5, 7), (300, 401)]
    for h, w in shapes:
        steps = np.add.outer(np.arange(h) // 9, np.arange(w) // 7)
        for array in (
            rng.integers(0, 256, (h, w, 3), dtype=np.uint8),
            (np.stack([steps, steps * 2, steps[::-1]], -1) + rng.integers(0, 3, (h, w, 3))).astype(np.uint8),
            steps.astype(np.uint8),
            (steps * 300).astype(np.uint16),
            np.zeros((h, w), np.uint8),
            np.full((h, w), 65535, np.uint16),
        ):
            data = png(array)
            seen = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
            seen = seen[..., ::-1] if array.ndim == 3 else seen
            assert seen.dtype == array.dtype and (seen == array).all(), (array.shape, array.dtype)
            assert data == png(np.asfortranarray(array))
    for wrong in (np.zeros((2, 2), np.float32), np.zeros((2, 2, 4), np.uint8), np.zeros((0, 2), np.uint8)):
        with pytest.raises(TypeError, match="no PNG of shape"):
            png(wrong)


def test_each_row_gets_a_filter_that_pays():
    ramp = np.tile(np.arange(200, dtype=np.uint8), (40, 1))
    assert (filter_rows(ramp, 1)[1:, 1:] == 0).mean() > 0.9  # the row above says it all
    assert len(png(np.add.outer(np.arange(200), np.arange(200)).astype(np.uint8))) < 1000


def test_the_same_bytes_alone_and_in_a_run(tmp_path):
    run = contents(write(tmp_path / "run", [a_frame(k) for k in (1, 2, 3)]))
    assert run == contents(write(tmp_path / "again", [a_frame(k) for k in (1, 2, 3)]))
    alone = contents(write(tmp_path / "alone", [a_frame(2)]))
    for name, data in alone.items():
        assert not name.startswith("frames/") or run[name] == data, name
    assert sum(name.startswith("frames/000002/") for name in alone) == len(frame_files(a_frame(2))) == 18


def test_the_same_bytes_in_another_process(tmp_path):
    write(tmp_path / "here", [a_frame(2)])
    code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import test_datasets_native as t; "
    code += f"t.write(t.Path({str(tmp_path / 'there')!r}), [t.a_frame(2)])"
    poorer = {"NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL", "ARROW_USER_SIMD_LEVEL": "NONE", "TZ": "Asia/Tokyo"}
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, env={**os.environ, **poorer})
    assert contents(tmp_path / "here") == contents(tmp_path / "there")


def test_jpeg_by_option(tmp_path):
    smooth = np.clip(np.add.outer(np.arange(64) * 2, np.arange(96)), 0, 255).astype(np.uint8)
    frame = a_frame(cameras=(("front", 64, 96),))
    image = dataclasses.replace(frame.images["front"], rgb=np.stack([smooth, smooth // 2, 255 - smooth], -1))
    frame = dataclasses.replace(frame, images={"front": image})
    back = open_native(write(tmp_path / "set", [frame], image_format="jpg")).frame(12).images["front"]
    assert np.abs(back.rgb.astype(int) - image.rgb).max() <= 6
    same(image.instance, back.instance)
    with pytest.raises(InputError, match='"png" or "jpg", not "gif"'):
        writer(tmp_path / "x", image_format="gif")
    with pytest.raises(InputError, match="1 to 100, not 0"):
        writer(tmp_path / "x", jpeg_quality=0)


def test_a_failure_leaves_it_incomplete(tmp_path):
    with pytest.raises(ZeroDivisionError):
        with writer(tmp_path) as w:
            w.write(a_frame(1))
            raise ZeroDivisionError
    assert (tmp_path / "INCOMPLETE").exists() and not (tmp_path / "dataset.json").exists()
    with pytest.raises(InputError, match="cut short"):
        open_native(tmp_path)
    with pytest.raises(InputError, match="incomplete dataset.*overwrite"):
        write(tmp_path, [a_frame(1)])
    write(tmp_path, [a_frame(2)], overwrite=True)
    assert open_native(tmp_path).indices == [2] and not (tmp_path / "INCOMPLETE").exists()
    assert sorted(p.name for p in (tmp_path / "frames").iterdir()) == ["000002"]
    with pytest.raises(InputError, match="a complete dataset.*overwrite"):
        write(tmp_path, [a_frame(1)])


def test_what_is_not_ours_is_never_touched(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    for overwrite in (False, True):
        with pytest.raises(InputError, match="not empty"):
            write(tmp_path, [a_frame(1)], overwrite=overwrite)
    assert contents(tmp_path) == {"thesis.txt": b"years of work"}
    with pytest.raises(InputError, match="thesis.txt: cannot write: this is no folder"):
        write(tmp_path / "thesis.txt", [a_frame(1)])
    with pytest.raises(InputError, match="no dataset"):
        open_native(tmp_path)


def test_frames_that_do_not_belong_together(tmp_path):
    with writer(tmp_path / "a") as w:
        w.write(a_frame(1))
        with pytest.raises(InputError, match="frame 1 is written already"):
            w.write(a_frame(1))
        with pytest.raises(ValueError, match="calibration differ"):
            w.write(dataclasses.replace(a_frame(2), calibration={}))
    with pytest.raises(InputError, match='sensor "a/b" cannot name a folder'):
        write(tmp_path / "b", [a_frame(1, cameras=(("a/b", 4, 4),))])
    lane = {"role": "ego_left", "points_m": np.zeros((2, 3), np.float32), "speed": 3}
    with pytest.raises(ValueError, match="no column for .'speed'."):
        write(tmp_path / "c", [dataclasses.replace(a_frame(1), ego_lanes=(lane,))])


def test_a_disk_that_fills_up(tmp_path, monkeypatch):
    """The disk takes ever more bytes before it is full: whenever that is, the folder never passes as whole."""
    frames, real, refused = [a_frame(1), a_frame(2)], os.write, 0
    total = sum(len(data) for data in contents(write(tmp_path / "whole", frames)).values())
    for k in range(24):
        left = [total * k // 20]

        def short(descriptor, data, left=left):
            if left[0] <= 0:
                raise OSError(errno.ENOSPC, "No space left on device")
            n = real(descriptor, data[: left[0]])
            left[0] -= n
            return n

        folder = tmp_path / f"full{k}"
        monkeypatch.setattr(disk.os, "write", short)
        try:
            write(folder, frames)
            complete = True
        except InputError as error:
            complete, refused = False, refused + 1
            assert "the disk is full; free some space" in str(error) and str(folder) in str(error)
        monkeypatch.setattr(disk.os, "write", real)
        assert complete == (folder / "dataset.json").exists()
        if complete:
            assert contents(folder) == contents(tmp_path / "whole")
        else:
            with pytest.raises(InputError):
                open_native(folder)
            assert not list(folder.glob("frames/*.partial"))
    assert 15 < refused < 24


def test_a_caught_failure_still_counts(tmp_path, monkeypatch):
    with pytest.raises(InputError, match="stays incomplete"):
        with writer(tmp_path) as w:
            with monkeypatch.context() as m, pytest.raises(InputError, match="disk is full"):
                m.setattr(disk.os, "write", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
                w.write(a_frame(1))
            w.write(a_frame(2))
    assert not (tmp_path / "dataset.json").exists()


def test_no_permission(tmp_path, monkeypatch):
    def refuse(path, *_, **__):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    with monkeypatch.context() as m, pytest.raises(InputError, match="new: cannot write: no permission .* folder of your own"):
        m.setattr(Path, "mkdir", refuse)
        write(tmp_path / "new", [a_frame(1)])
    if os.geteuid() == 0:
        return  # the administrator may write everywhere; the refusal above stands for it
    tmp_path.chmod(0o500)
    with pytest.raises(InputError, match="no permission"):
        write(tmp_path / "new", [a_frame(1)])
    tmp_path.chmod(0o700)


KILLED = """
import sys; sys.path.insert(0, {tests!r})
import test_datasets_native as t
frames = [t.a_frame(k) for k in range(6)]
t.write(t.Path({folder!r} + "warm"), frames[:1])
print("ready", flush=True)
t.write(t.Path({folder!r}), frames)
"""


def test_killed_at_any_moment(tmp_path):
    """SIGKILL after ever longer: what is left is incomplete and says so, or is complete to the byte."""
    started = time.perf_counter()
    whole = contents(write(tmp_path / "whole", [a_frame(k) for k in range(6)]))
    span = time.perf_counter() - started
    cut = 0
    for k in range(6):
        folder = tmp_path / f"cut{k}"
        code = KILLED.format(tests=str(Path(__file__).parent), folder=str(folder))
        process = subprocess.Popen([sys.executable, "-W", "ignore", "-c", code], stdout=subprocess.PIPE)
        assert process.stdout.readline().strip() == b"ready"
        time.sleep(span * (k + float(rng_of("kill", k).uniform())) / 6)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        if (folder / "dataset.json").exists():
            assert contents(folder) == whole
            continue
        cut += 1
        with pytest.raises(InputError):
            open_native(folder)
        for frame in folder.glob("frames/*"):  # whatever bears a frame's name is that frame, whole
            if frame.suffix != ".partial":
                name = f"frames/{frame.name}/"
                expected = {n.removeprefix(name): d for n, d in whole.items() if n.startswith(name)}
                assert contents(frame) == expected
        write(folder, [a_frame(k) for k in range(6)], overwrite=folder.exists())
        assert contents(folder) == whole
    assert cut >= 1


def test_a_damaged_file_is_named(tmp_path):
    write(tmp_path, [a_frame(1)])
    for name in ("objects.parquet", "front/rgb.png", "top/points.parquet"):
        path = tmp_path / "frames" / "000001" / name
        data = path.read_bytes()
        path.write_bytes(data[: len(data) // 2])
        with pytest.raises(InputError, match=f"{path.name}: this file of the dataset is missing or damaged"):
            open_native(tmp_path).frame(1)
        path.write_bytes(data)
    points = pq.read_table(path)
    pq.write_table(points.drop_columns(["true_range_m"]), path)  # as a version wrote it that knew no such column
    with pytest.raises(InputError, match="written by scenesim .*lacks what this one reads .*true_range_m.*render it again"):
        open_native(tmp_path).frame(1)
    path.write_bytes(data)
    shutil.rmtree(tmp_path / "frames" / "000001" / "front")
    with pytest.raises(InputError, match="front"):
        open_native(tmp_path).frame(1)
    with pytest.raises(InputError, match="no frame 9"):
        open_native(tmp_path).frame(9)
    (tmp_path / "dataset.json").write_text('{"format": "other", "format_version": 3}')
    with pytest.raises(InputError, match="other version 3; this scenesim reads scenesim-native version 1"):
        open_native(tmp_path)
    (tmp_path / "dataset.json").write_text("{")
    with pytest.raises(InputError, match="not the index"):
        open_native(tmp_path)


def test_formats_by_name():
    for name in WRITERS:
        try:
            assert issubclass(writer_class(name), Writer), name
        except InputError as error:  # a format whose extra is not installed says which
            assert f"scenesim[{name}]" in str(error)
    with pytest.raises(InputError, match='no dataset format "nativ"; did you mean "native"'):
        writer_class("nativ")
