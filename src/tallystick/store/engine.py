"""Engine: queries over one version of the ledger, by DuckDB in process, over the file lists that the version pins."""

from __future__ import annotations

import re
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import duckdb

from tallystick.core.ledger_tables import TABLES
from tallystick.core.select import literal
from tallystick.core.table import LedgerTable
from tallystick.errors import InvalidQuestion, LedgerError
from tallystick.store import faults
from tallystick.store.ahead import Ahead, names_in
from tallystick.store.answer_cache import AnswerCache, cells
from tallystick.store.batches import ROWS, batches, fetched
from tallystick.store.interrupt import interruptible
from tallystick.store.session import database, rows, temp_table
from tallystick.store.table_sql import table_sql
from tallystick.store.views import DERIVED_SQL, VIEWS

if TYPE_CHECKING:
    import pyarrow as pa

    from tallystick.core.select import Select
    from tallystick.store.batches import Limits
    from tallystick.store.tables import Tables
    from tallystick.store.version import Version


_WORD = re.compile(r"[a-z_0-9]+")
_LISTS = ("duckdb_", "query", "information_schema", "sqlite_", "pg_", "pragma_", "show")
"""How words of a user's own SQL begin that read what it does not name."""
SMALL, BYTES = 4 << 20, 64 << 20
"""Bytes of an answer in Arrow that is kept for the next time it is asked for, and of all such answers."""
FEW, VALUES, STATEMENTS = 200_000, 500_000, 1_000
"""Values of another answer that is, and of all such answers and what was worked out of them; statements."""
OTHERS = 2
"""Other versions that are held open beside one: a comparison needs two."""

P = ParamSpec("P")
Answer = TypeVar("Answer")
T = TypeVar("T")
_Rows = tuple[list[str], list[tuple[Any, ...]]]
_Ids = Collection[str] | None


def per_version(ask: Callable[Concatenate[Engine, P], Answer]) -> Callable[Concatenate[Engine, P], Answer]:
    """Work an answer out once for each version and all arguments, which are hashable; nobody changes the answer."""

    @wraps(ask)
    def answer(engine: Engine, /, *arguments: P.args, **options: P.kwargs) -> Answer:
        key = (ask, arguments, *sorted(options.items()))
        if key not in engine.results:
            engine.results[key] = ask(engine, *arguments, **options)
        result: Answer = engine.results[key]
        return result

    return answer


class Engine:
    """One version of the ledger, ready to be asked. Tables stand in the schema `ledger`, views beside it.

    A table is opened, and held to what the version says of it, when a query first names it. A version never changes,
    so a small answer is kept: no question is put to the files twice. `statements` is the SQL that was run last. Without
    `limits` queries take DuckDB's own part of the machine's memory, and answers are of any size. With `organizations`,
    ids, every table has their rows alone: it answers as a ledger that holds no others.
    """

    def __init__(
        self, tables: Tables, version: Version, limits: Limits | None = None, organizations: _Ids = None
    ) -> None:
        self.version = version
        self.tables = tables
        self._limits = limits
        self.organizations = organizations
        self._others: OrderedDict[int, Engine] = OrderedDict()
        self._ahead = Ahead(tables)
        self._tables = {f"ledger.{table.name}": table for table in TABLES}
        self._views = {f"ledger.{table.name}": sql for table, sql in DERIVED_SQL.items()}
        self._views |= {view.name: view.sql for view in VIEWS}
        self._answers: AnswerCache[pa.Table] = AnswerCache(BYTES, lambda table: table.nbytes, SMALL)
        self._rows: AnswerCache[_Rows] = AnswerCache(VALUES, lambda answer: cells(answer[1]), FEW)
        self.results: AnswerCache[Any] = AnswerCache(VALUES, cells)
        """What was worked out from the answers of this version, by `per_version`."""
        self.statements: deque[str] = deque(maxlen=STATEMENTS)
        self._duck = database()
        # Of every cursor; and a file is named in several queries.
        self._duck.execute("SET GLOBAL TimeZone = 'UTC'; SET GLOBAL parquet_metadata_cache = true")
        self._duck.execute(f"SET allowed_directories = [{', '.join(map(literal, tables.attach(self._duck)))}]")
        if limits:
            self._duck.execute(f"SET memory_limit = {literal(limits.memory)}")
        self._duck.execute("CREATE SCHEMA ledger; SET enable_external_access = false; SET lock_configuration = true")

    def holds(self, table: LedgerTable) -> bool:
        """Whether the version has a row of a pinned table, or ever had one."""
        return bool(self.version.tables.get(table.name))

    def ask(self, query: Select | str) -> pa.Table:
        """Return the answer to a query of ours, as Arrow; raise LedgerError where a file cannot be read."""
        text = str(query)
        if (answer := self._answers.get(text)) is None:
            with self._reading():
                answer = self._run(text, lambda ready: self._duck.sql(ready).to_arrow_table())
            self._answers[text] = answer
        return answer

    def beside(
        self, query: Select | str, name: str, columns: Mapping[str, str], cells: Sequence[Sequence[Any]]
    ) -> list[dict[str, Any]]:
        """The rows of a query that names a table of these cells too, by which it is not kept."""
        with self.cursor() as duck, self._reading():
            temp_table(duck, name, columns, cells)
            return self._run(str(query), lambda ready: rows(duck, ready), duck)

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection to compute in, for `make`; its TEMP tables are its own, and go with it."""
        return self._duck.cursor()

    def make(self, duck: duckdb.DuckDBPyConnection, name: str, query: Select | str) -> None:
        """Make the answer to a query of ours a TEMP table in a connection of `cursor`, in place of one called so."""
        text = str(query)
        with self._reading():
            self._run(text, lambda ready: duck.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {ready}"), duck)

    def rows(self, query: Select | str) -> list[dict[str, Any]]:
        """The answer to a query of ours, a dictionary a row; LedgerError as from `ask`. Arrow is not needed for it."""
        text = str(query)
        if (answer := self._rows.get(text)) is None:
            with self._reading():
                answer = self._run(text, lambda ready: fetched(self._duck.execute(ready), self._limits))
            self._rows[text] = answer
        names, rows = answer
        return [dict(zip(names, row, strict=True)) for row in rows]

    def stream(self, query: Select | str, rows: int = 65_536) -> Iterator[pa.RecordBatch]:
        """The answer to a query of ours, in batches of so many rows at most; LedgerError as from `ask`.

        Other questions can be asked while it runs.
        """
        with self._duck.cursor() as duck, self._reading(), self._ready(str(query), duck) as ready:
            reader = interruptible(duck, lambda: duck.sql(ready).to_arrow_reader(rows))
            yield from batches(duck, reader)

    def sql(self, text: str, most: int | None = None) -> pa.Table:
        """Return the answer to a user's own SQL, one statement that reads, or its first rows, `most` of them.

        InvalidQuestion where it is anything else, or larger than the limits.
        """
        self._readable(text)

        def rows(ready: str) -> pa.Table:
            answer = self._users(ready)
            answer = answer if most is None else answer.limit(most)
            if self._limits is None:
                return answer.to_arrow_table()
            return self._limits.collect(self._duck, answer.to_arrow_reader(ROWS))

        with self._users_own():
            return self._run(text, rows)

    def sql_batches(self, text: str) -> Iterator[pa.RecordBatch]:
        """The same in batches of a few thousand rows, the first of them empty, for the names of the columns."""
        self._readable(text)
        self.statements.append(text)
        with self._users_own(), self._ready(text, self._duck) as ready:
            import pyarrow as pa

            reader = interruptible(self._duck, lambda: self._users(ready).to_arrow_reader(ROWS))
            yield pa.RecordBatch.from_pylist([], reader.schema)
            yield from batches(self._duck, reader)

    def _readable(self, text: str) -> None:
        """Open what a user's own SQL may name; raise InvalidQuestion where it is not one statement that reads."""
        try:
            statements = duckdb.extract_statements(text)
        except duckdb.Error as wrong:
            raise InvalidQuestion(f"The SQL cannot be read: {wrong}", "`tallystick schema` lists the views.") from None
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise InvalidQuestion(
                "Only one statement that reads is possible here: a select.", "The ledger is read only."
            )
        words = {*_WORD.findall(text.lower())}
        reads_all = any(word.startswith(_LISTS) for word in words)
        self._open_each(name for name in self._closed if reads_all or name.removeprefix("ledger.") in words)

    def _users(self, text: str) -> duckdb.DuckDBPyRelation:
        """A user's own SQL, to run; where it names what is not there, the error says what is, so all is opened."""
        try:
            return self._duck.sql(text)
        except duckdb.CatalogException:
            self._open_each(self._closed)
            return self._duck.sql(text)

    @property
    def _closed(self) -> Sequence[str]:
        """The tables and views that were not opened yet."""
        return *self._tables, *self._views

    def _open_each(self, names: Iterable[str]) -> None:
        for name in names:
            self._open(f"FROM {name}")

    @contextmanager
    def _users_own(self) -> Iterator[None]:
        """Raise what a user's own SQL does wrong as InvalidQuestion, and what the ledger does as LedgerError."""
        try:
            yield
        except (duckdb.IOException, duckdb.InternalException, duckdb.OutOfMemoryException) as wrong:
            with self._reading():
                raise wrong from None
        except duckdb.Error as wrong:
            raise InvalidQuestion(f"The SQL cannot be run: {wrong}", "`tallystick schema` lists the views.") from None

    def interrupt(self) -> None:
        """End the query that runs in another thread, of this version or another; it raises there."""
        for engine in (self, *self._others.values()):
            engine._duck.interrupt()  # noqa: SLF001 - its own kind

    def of(self, version: Version) -> Engine:
        """Return another version of the ledger, ready to be asked within the same limits."""
        if version == self.version:
            return self
        if version.number not in self._others:
            self._others[version.number] = self._opened(version)
            while len(self._others) > OTHERS:
                self._others.popitem(last=False)
        return self._others[version.number]

    def close(self) -> None:
        """Give back what it holds; it is not asked again."""
        for engine in (self, *self._others.values()):
            engine._duck.close()  # noqa: SLF001 - its own kind

    def stand(self, view: str, table: pa.Table) -> None:
        """Put a table in the place of a view, for a user's own SQL."""
        self._views.pop(view, None)
        self._duck.register(view, table)

    def _opened(self, version: Version) -> Engine:
        return Engine(self.tables, version, self._limits, self.organizations)

    def _run(self, text: str, work: Callable[[str], T], duck: duckdb.DuckDBPyConnection | None = None) -> T:
        self.statements.append(text)
        with self._ready(text, duck or self._duck) as ready:
            return interruptible(duck or self._duck, lambda: work(ready))

    @contextmanager
    def _ready(self, text: str, duck: duckdb.DuckDBPyConnection) -> Iterator[str]:  # noqa: ARG002 - a cluster's needs it
        """A query as a connection runs it, what it names opened."""
        self._open(text)
        self._ahead.fetch(text)
        with self.tables.opening():
            yield text

    def _open(self, text: str) -> None:
        """Open the tables and views that a query names, and those that they are made of; once each."""
        for name in names_in(text):
            if table := self._tables.get(name):
                self._show(table, self.tables.listed(table, self.version))
                del self._tables[name]
            elif sql := self._views.pop(name, None):
                try:
                    self._open(sql)
                    self._duck.execute(f"CREATE VIEW {name} AS {sql}")
                    self._ahead.view(name, sql)
                except BaseException:  # also where the question is told to end meanwhile
                    self._views[name] = sql
                    raise

    def _show(self, table: LedgerTable, files: list[str]) -> None:
        """Make a table of its files."""
        try:
            self._ahead.table(f"ledger.{table.name}", files)
            query = table_sql(table, self.tables.addresses(files), self.organizations)
            with self.tables.opening():
                self._duck.execute(f"CREATE VIEW ledger.{table.name} AS {query}")
        except duckdb.BinderException as wrong:
            raise LedgerError(
                f"The ledger {self.tables.name} was written by another version of tallystick: its table "
                f"{table.name} has other columns ({faults.reason(wrong)}).",
                "Build it anew from its pages: tallystick rebuild FOLDER.",
            ) from None
        except duckdb.Error as wrong:
            with faults.reading(self.tables.name, f"the table {table.name}"):
                raise wrong from None

    def _reading(self) -> AbstractContextManager[None]:
        return faults.reading(self.tables.name, "a table")
