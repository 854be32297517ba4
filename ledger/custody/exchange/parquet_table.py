"""Read a Parquet file as the same rows that a CSV file gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final

from ledger.custody.exchange.csv_table import Row, TableFault, check_header, control_in
from ledger.custody.exchange.workbook_table import REMEDY, cell_text
from ledger.custody.problems import Problem

MAGIC: Final = b"PAR1"
MAX_GROUP: Final = 1 << 30
_AT_ONCE: Final = 5_000


class ParquetTable:
    """An open Parquet file: its columns, and its rows, which count from 1.

    Args:
        stream: The bytes; they must be a file that can be read anywhere.
        name: What the file is called in messages.

    Raises:
        TableFault: It is no Parquet file, or has columns of columns.
    """

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._name = name
        try:
            import pyarrow as arrow  # type: ignore[import-untyped]
            from pyarrow import parquet, types
        except ImportError:
            raise self._fault("", "this installation reads no Parquet files", REMEDY) from None
        self._faults = (arrow.ArrowException, OSError, ValueError)
        try:
            self._file = parquet.ParquetFile(stream)
            schema, metadata = self._file.schema_arrow, self._file.metadata
            groups = [metadata.row_group(at).total_byte_size for at in range(metadata.num_row_groups)]
        except self._faults as error:
            raise self._fault("", f"the file is no Parquet file that can be read: {error}") from None
        if max(groups, default=0) > MAX_GROUP:
            raise self._fault(
                "", f"a row group unpacks to more than {MAX_GROUP >> 20} MiB", "write smaller row groups"
            )
        for column in schema:
            if types.is_nested(column.type) or types.is_binary(column.type):
                raise self._fault(column.name, f"a column of type {column.type} is no column of a table")
        self.header = check_header([column.name for column in schema], name)

    def rows(self) -> Iterator[Row | Problem]:
        """Give each row, or what is wrong with it.

        Raises:
            TableFault: The file cannot be read on.
        """
        line = 0
        try:
            for batch in self._file.iter_batches(batch_size=_AT_ONCE):
                for cells in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    line += 1
                    yield self._row(line, cells)
        except self._faults as error:
            raise self._fault("", f"the file is damaged after row {line}: {error}") from None

    def _row(self, line: int, cells: tuple[object, ...]) -> Row | Problem:
        texts: list[str] = []
        for column, cell in zip(self.header, cells, strict=True):
            text, why = cell_text(cell)
            if why:
                return Problem(self._name, line, column, why, "store the column as text")
            texts.append(text)
        found = control_in(texts, self.header, self._name, line)
        return Row(line, tuple(texts)) if found is None else found

    def _fault(self, field: str, reason: str, remedy: str = "") -> TableFault:
        return TableFault(Problem(self._name, 0, field, reason, remedy))
