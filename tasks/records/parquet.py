"""Tables as Parquet: the same bytes for the same rows and the same libraries, whose versions stand in the file."""

import io
from collections.abc import Mapping, Sequence
from typing import Any


def parquet(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """A table with a column for each key."""
    import pandas as pd
    import pyarrow as pa
    from pyarrow.parquet import write_table

    buffer = io.BytesIO()
    write_table(pa.Table.from_pandas(pd.DataFrame(rows), preserve_index=False), buffer)
    return buffer.getvalue()
