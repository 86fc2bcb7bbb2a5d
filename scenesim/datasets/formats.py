"""The formats there are, to be written and to be read back. Nothing is imported here, so that a list of them costs nothing."""

from __future__ import annotations

# name -> where its writer is; imported when asked for, so that a format's own package is needed by its users alone.
WRITERS = {
    "native": "scenesim.datasets.native:NativeWriter",
    "kitti-object": "scenesim.datasets.kitti:KittiObjectWriter",
    "kitti-tracking": "scenesim.datasets.kitti:KittiTrackingWriter",
    "kitti-odometry": "scenesim.datasets.kitti_odometry:KittiOdometryWriter",
    "kitti-raw": "scenesim.datasets.kitti_raw:KittiRawWriter",
    "coco": "scenesim.datasets.coco:CocoWriter",
    "av2": "scenesim.datasets.av2:Av2Writer",
    "mcap": "scenesim.datasets.mcap:McapWriter",
    "nuscenes": "scenesim.datasets.nuscenes:NuscenesWriter",
    "yolo": "scenesim.datasets.yolo:YoloWriter",
    "yolo-segments": "scenesim.datasets.yolo:YoloSegmentsWriter",
}

# name -> where the function is that reads who was where: (folder, scene) -> recorded.Recording.
READERS = {
    "native": "scenesim.datasets.from_native:read",
    "nuscenes": "scenesim.datasets.from_nuscenes:read",
    "kitti-tracking": "scenesim.datasets.from_kitti_tracking:read",
    "av2": "scenesim.datasets.from_av2:read",
}

# Of a finished batch: its index, what that says it is, and the folder of its native datasets.
BATCH_INDEX, BATCH_FORMAT, SHARDS = "index.json", "scenesim-batch-index", "native"
