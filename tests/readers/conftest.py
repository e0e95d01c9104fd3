from pathlib import Path

import pytest

from cjm_research.config import JourneyPart, build_journey
from cjm_research.journey import Journey

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"


@pytest.fixture
def journey() -> Journey:
    return build_journey(
        JourneyPart.model_validate(
            {
                "stages": [
                    {"id": "find", "name": "Find a plan", "events": ["search"]},
                    {"id": "buy", "name": "Buy", "events": ["pay"], "completed_by": ["paid"]},
                    {"id": "use", "sequential": False},
                ]
            }
        )
    )


@pytest.fixture
def write(tmp_path):
    """Write a file of the study folder (text or bytes); the folder is `tmp_path`."""

    def write_file(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_file


@pytest.fixture
def shared() -> Path:
    if not SHARED.is_dir():
        pytest.skip(f"shared data is not at {SHARED}")
    return SHARED
