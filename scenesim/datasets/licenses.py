"""Licenses that the data of a dataset may be put under. Nothing is imported here, so that a list of them costs nothing."""

from __future__ import annotations

DEFAULT = "cc0-1.0"
OTHER = "other"

# Identifier as the Hugging Face hub knows it -> name, and where the text is (spdx.org/licenses has all of them but the last).
LICENSES = {
    "cc0-1.0": ("Creative Commons Zero 1.0: no rights reserved", "https://creativecommons.org/publicdomain/zero/1.0/"),
    "cc-by-4.0": ("Creative Commons Attribution 4.0", "https://creativecommons.org/licenses/by/4.0/"),
    "cc-by-sa-4.0": ("Creative Commons Attribution-ShareAlike 4.0", "https://creativecommons.org/licenses/by-sa/4.0/"),
    "cc-by-nc-4.0": ("Creative Commons Attribution-NonCommercial 4.0", "https://creativecommons.org/licenses/by-nc/4.0/"),
    "cdla-permissive-2.0": ("Community Data License Agreement, Permissive 2.0", "https://cdla.dev/permissive-2-0/"),
    "odc-by": ("Open Data Commons Attribution 1.0", "https://opendatacommons.org/licenses/by/1-0/"),
    "odbl": ("Open Database License 1.0", "https://opendatacommons.org/licenses/odbl/1-0/"),
    "apache-2.0": ("Apache License 2.0", "https://www.apache.org/licenses/LICENSE-2.0"),
    "mit": ("MIT License", "https://opensource.org/license/mit"),
    OTHER: ("another license: ask whoever gave you this dataset", ""),
}
