"""An export's file, which appears complete or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge.errors import RecordingError
from edge.recording.mcap_file import Recording
from edge.sinks.output_file import OutputFile
from meshcast.errors import WireError


@contextmanager
def whole_file(path: Path, recording: Recording) -> Iterator[OutputFile]:
    """The file that the block writes from a recording; it is discarded when the block fails.

    Raises:
        OutputError: the file cannot be written.
        RecordingError: a message of the recording is damaged.
    """
    target = OutputFile(path)
    try:
        yield target
    except WireError as error:
        target.discard()
        raise RecordingError(f"{recording.path}: {error}") from None
    except OSError as error:
        target.discard()
        raise target.error(error) from None
    except BaseException:
        target.discard()
        raise
    target.commit()
