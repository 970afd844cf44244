"""What is written for a reader that has gone, as of `exhibit studies | head -1`: it is dropped."""

import io
import sys
from contextlib import suppress


class _Unread(io.FileIO):
    """A file whose reader may go away."""

    def write(self, data: object, /) -> int:
        with suppress(BrokenPipeError):
            return super().write(data)  # type: ignore[arg-type]
        return len(memoryview(data))  # type: ignore[arg-type]


def drop_what_nobody_reads() -> None:
    """From here on neither output of this process fails for want of a reader: the exit code says how the work went."""
    sys.stdout, sys.stderr = (_dropping(stream) for stream in (sys.stdout, sys.stderr))


def _dropping(stream: object) -> object:
    if not isinstance(stream, io.TextIOWrapper):  # a notebook's, say
        return stream
    stream.flush()
    raw = io.BufferedWriter(_Unread(stream.fileno(), "wb", closefd=False))
    return io.TextIOWrapper(
        raw, stream.encoding, stream.errors, line_buffering=stream.line_buffering, write_through=stream.write_through
    )
