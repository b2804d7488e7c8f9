"""Checkpoint folders as Spark 4.2 writes them, without Spark."""

import json
from pathlib import Path


def write_checkpoint(folder: Path, query_id: str, batches: range) -> Path:
    """A checkpoint whose `batches` are all committed; `folder` holds it."""
    for name in ("offsets", "commits"):
        (folder / name).mkdir(parents=True)
    (folder / "metadata").write_text(json.dumps({"id": query_id}), encoding="utf-8")
    for batch_id in batches:
        add_batch(folder, batch_id)
    return folder


def add_batch(folder: Path, batch_id: int, *, committed: bool = True) -> None:
    """One more batch: begun, or committed as well."""
    head = {"batchWatermarkMs": 1795355079381, "batchTimestampMs": 1795355440012, "conf": {}}
    offsets = {"events_raw": {"0": batch_id * 10, "1": batch_id * 10, "2": 0}}
    lines = ["v1", json.dumps(head), json.dumps(offsets)]
    (folder / "offsets" / str(batch_id)).write_text("\n".join(lines), encoding="utf-8")
    (folder / "offsets" / f".{batch_id}.crc").write_bytes(b"crc\0")
    if committed:
        commit = f"v1\n{json.dumps({'nextBatchWatermarkMs': 1795355080009})}"
        (folder / "commits" / str(batch_id)).write_text(commit, encoding="utf-8")
