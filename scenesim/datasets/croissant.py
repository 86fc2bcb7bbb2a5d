"""The facts of a dataset for machines: MLCommons Croissant 1.0 (docs.mlcommons.org/croissant/docs/croissant-spec-1.0.html).

What only a publisher knows (url, datePublished, creator, citeAs) is left out: there are no dates in a dataset, so that it is
the same bytes whenever it is made. What is said of origin and people are terms of Croissant's vocabulary for responsible AI.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from scenesim.datasets.licenses import LICENSES

if TYPE_CHECKING:
    from scenesim.datasets.card import Facts, Table

SPECIFICATIONS = ["http://mlcommons.org/croissant/1.0", "http://mlcommons.org/croissant/RAI/1.0"]
PARQUET = "application/x-parquet"
# The context of the specification, word for word, and the vocabulary for responsible AI.
CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def croissant(facts: Facts) -> bytes:
    """croissant.json."""
    name, link = LICENSES[facts.license]
    data = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "name": facts.name,
        "description": facts.summary(),
        "conformsTo": SPECIFICATIONS,
        "license": link or name,
        "version": facts.version if re.fullmatch(r"\d+\.\d+\.\d+", facts.version) else "0.0.0",
        "keywords": ["synthetic", "simulation", "autonomous driving", "camera", "lidar", "weather"],
        "isLiveDataset": False,
        "rai:dataCollection": "Computed by casting rays into scenes made from parameters and a seed.",
        "rai:dataCollectionType": ["Synthetic"],
        "rai:dataAnnotationProtocol": ["Labels are computed from the same rays as the images and points."],
        "rai:personalSensitiveInformation": [facts.provenance()],
        "distribution": list(_distribution(facts)),
        "recordSet": [_record_set(facts, name, table) for name, table in facts.tables.items()],
    }
    return (json.dumps(data, indent=1, ensure_ascii=False) + "\n").encode("utf8")


def _distribution(facts: Facts) -> Iterator[dict[str, Any]]:
    for path, one in facts.listed.items():
        yield {
            "@type": "cr:FileObject",
            "@id": path,
            "name": path,
            "description": one.about,
            "contentUrl": path,
            "contentSize": f"{one.size} B",
            "encodingFormat": one.encoding,
            "sha256": one.sha256,
        }
    sets = {f"{name}-files": (table.pattern, PARQUET, f"Parquet tables: {name}") for name, table in facts.tables.items()}
    for name, (pattern, encoding, about) in (sets | dict(facts.pictures)).items():
        includes = [at + pattern for at in facts.parts.values()]
        row = {"@type": "cr:FileSet", "@id": name, "name": name, "description": about, "encodingFormat": encoding}
        yield row | {"includes": includes[0] if len(includes) == 1 else includes}


def _record_set(facts: Facts, name: str, table: Table) -> dict[str, Any]:
    source = {"fileSet": {"@id": f"{name}-files"}}
    fields = [
        _field(name, column.name, _kind(column.type), {**source, "extract": {"column": column.name}}, _repeated(column.type))
        for column in table.schema
    ]
    file = {**source, "extract": {"fileProperty": "fullpath"}}
    fields.append(_field(name, "file", "sc:Text", file, False))
    return {"@type": "cr:RecordSet", "@id": name, "name": name, "field": fields}


def _field(table: str, name: str, kind: str, source: dict[str, Any], repeated: bool) -> dict[str, Any]:
    field = {"@type": "cr:Field", "@id": f"{table}/{name}", "name": name, "dataType": kind, "source": source}
    return field | ({"repeated": True} if repeated else {})


def _repeated(kind: pa.DataType) -> bool:
    return pa.types.is_list(kind) and not pa.types.is_nested(kind.value_type)


def _kind(kind: pa.DataType) -> str:
    """Croissant's data type of a column; what has a structure of its own (points of a line, a map) is text."""
    if _repeated(kind):
        kind = kind.value_type
    if pa.types.is_boolean(kind):
        return "sc:Boolean"
    if pa.types.is_integer(kind):
        return "sc:Integer"
    return "sc:Float" if pa.types.is_floating(kind) else "sc:Text"
