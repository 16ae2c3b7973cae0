"""Charge rows: what the match gave, as the ledger has it.

DuckDB gives numbers. The texts of a charge are those of its record, so they are taken from there, as numbers into one
list of texts that all columns share.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from tallystick.core.ledger_tables import CHARGES
from tallystick.core.table import Type
from tallystick.store.columns import encoded, flat, months
from tallystick.tally.picodollars import dollars
from tallystick.tally.use_groups import KINDS, PLACED, UNIT_OF, WIDTH
from tallystick.tally.words import NUMBER, Words

_MONEY = [column.name for column in CHARGES.columns if column.type is Type.MONEY]


@dataclass(frozen=True)
class ChargeRows:
    """Rows of `charges` of one organization and dialect; `words` are all of its texts."""

    words: Words
    organization: str
    source: str

    def matched(self, records: pa.Table, uses: pa.Table) -> pa.Table:
        """The charges of uses, each numbered by the row of its record and the number of its kind."""
        ids = flat(uses["id"])
        record = pc.divide(ids, WIDTH)
        number = pc.subtract(ids, pc.multiply(record, WIDTH))
        columns = {name: self.words.encoded(uses[name]) for name in ("method", "cause", "relaxed")}
        for name in PLACED:
            columns[name] = self.words.encoded(records[name]).take(record)
        for name, texts in (("kind", KINDS), ("unit", [UNIT_OF[kind] for kind in KINDS])):
            columns[name] = pa.array(texts, pa.string()).dictionary_encode().take(number)
        columns["day"] = flat(records["day"]).take(record)
        return self._rows(uses, columns)

    def alone(self, lines: pa.Table) -> pa.Table:
        """The charges of lines that no use was matched to."""
        lines = self.words.numbered(lines)
        texts = (*PLACED, "kind", "unit", "method", "cause", "relaxed")
        return self._rows(lines, {"day": lines["day"]} | {name: self.words.encoded(lines[name]) for name in texts})

    def _rows(self, table: pa.Table, columns: dict[str, pa.Array]) -> pa.Table:
        columns["month"] = months(columns["day"])
        zeros = pa.repeat(pa.scalar(0, NUMBER), table.num_rows)
        for name, text in (("organization", self.organization), ("source", self.source)):
            columns[name] = pa.DictionaryArray.from_arrays(zeros, [text])
        columns["quantity"] = table["quantity"]
        columns |= {name: dollars(table[name]) for name in _MONEY}
        fits = encoded(CHARGES)
        return pa.table({name: columns[name] for name in fits.names}).cast(fits)
