"""Messages that did not map, mapped again by intake's sources as they are now.

Intake is another package, so its program does it: the lines are those of `core.sources`.
"""

import json
import subprocess
import sys
from base64 import b64encode
from collections.abc import Sequence

from core.errors import OrderpulseError
from core.settings import Settings
from core.sources import KeptMessage, MappedMessage
from spark_jobs.rejected.kept_records import KeptRecord


class MappingError(OrderpulseError):
    """The program did not map the messages."""


def mapped(settings: Settings, records: Sequence[KeptRecord]) -> list[MappedMessage]:
    """What each record's source makes of it, in the same order. Raises `MappingError`."""
    if not records:
        return []
    lines = "".join(f"{_message(record).model_dump_json()}\n" for record in records)
    found = subprocess.run(
        [sys.executable, "-m", "intake", "map", str(settings.sources_dir)],
        input=lines.encode(),
        capture_output=True,
        cwd=settings.root,
        check=False,
    )
    answers = [MappedMessage.model_validate_json(line) for line in found.stdout.splitlines()]
    if found.returncode != 0 or len(answers) != len(records):
        said = found.stderr.decode("utf-8", "replace").strip().splitlines()
        raise MappingError(
            f"Intake's program did not map the messages (exit code {found.returncode}): {said[-1] if said else 'no reason given'}. "
            "Completed work stays; run the same command again for the rest."
        )
    return answers


def _message(record: KeptRecord) -> KeptMessage:
    sent = json.loads(record.source_headers or "[]")
    return KeptMessage(
        source=record.source or "",
        content=b64encode(record.value or b""),
        headers={header["name"]: header["value"] for header in sent},
        received_at=record.kafka_time,
    )
