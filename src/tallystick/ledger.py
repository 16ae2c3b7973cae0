"""Ledger: the ledger from Python: open it, sync it, ask it.

ledger = Ledger.open("my-ledger")
ledger.sync(since="2026-09")
ledger.spend(by=["workspace"], since="30d").to_pandas()
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from tallystick.answers import Answers
from tallystick.core.ledger_tables import CHARGES
from tallystick.core.records import SETTLING
from tallystick.core.time import Grain, Window
from tallystick.core.time_words import When, month_name
from tallystick.errors import InvalidQuestion
from tallystick.ledger_sync import LedgerSync
from tallystick.query.filters import present
from tallystick.settings import Settings

if TYPE_CHECKING:
    from tallystick.api.client import Clock
    from tallystick.billing.close import Draft
    from tallystick.billing.obstacles import Allowed
    from tallystick.query.closed_months import Month
    from tallystick.store.acknowledgements import Acknowledgement
    from tallystick.sync.forget import Forgotten, Person
    from tallystick.sync.forget_plan import Plan
    from tallystick.watch.finding import Finding
    from tallystick.watch.round import Round


_NAMED = 5
"""Changes of names that a message names; the others are counted."""


class Ledger(LedgerSync, Answers):
    """One ledger. Answers are Tables, from its newest version; each method raises TallystickErrors only.

    `clock` is the seam for time; without it the settings' clock is used.
    """

    records = True

    @classmethod
    def open(
        cls,
        path: str | Path | None = None,
        *,
        clock: Clock | None = None,
        as_of: str | None = None,
        engine: str | None = None,
    ) -> Ledger:
        """The ledger at `path`, a folder or URL, or where the settings say. It need not exist before the first `sync`.

        `as_of` is a version's number, a UTC day or an instant: questions are answered as the ledger was then.
        `engine` is a Spark Connect server that is asked, sc://host:15002; without it DuckDB answers here.
        """
        settings = Settings.load(ledger=str(path) if path else None, as_of=as_of, engine=engine)
        return cls.of(settings, clock=clock)

    @classmethod
    def of(cls, settings: Settings, *, clock: Clock | None = None, as_of: str | None = None) -> Ledger:
        """The ledger that the settings name; `as_of` as in `open`, in the place of that of the settings."""
        settings = replace(settings, as_of=as_of) if as_of is not None else settings
        return cls(settings.ledger, clock or settings.clock(), settings.price_lists(), settings)

    def watch(self, who: str = "python") -> Round:
        """Judge every rule now, and write down the findings that open and end; `who` names the watcher.

        Raises InvalidQuestion for a past version: what it shows is over.
        """
        from tallystick.watch.default_rules import in_force
        from tallystick.watch.round import look

        if self._settings.as_of is not None:
            raise InvalidQuestion(
                "A past version of the ledger cannot be watched: what it shows is over.",
                "Leave out as_of. `tallystick rules --try RULE` says when a rule would have spoken.",
            )
        return look(self, self._tables, in_force(self.context()), self._clock.now(), who)

    def check_rules(self) -> None:
        """Raise InvalidQuestion where a `[[rule]]` names a column that its answer does not have.

        Without a ledger that can be read, nothing is checked.
        """
        from tallystick.watch.default_rules import in_force
        from tallystick.watch.judgement import check

        context = self.context()
        check(context, in_force(context))

    def price_warnings(self) -> list[str]:
        """What is doubtful of one's own price list: models that neither a list nor the ledger knows."""
        lists = self._lists()
        if len(lists.texts) == 1:
            return []
        used = {*present(self.engine(), CHARGES, "model")} if self._tables.exists() else set()
        unknown = f"{lists.name} has a price or a factor for a model that neither the price list nor the ledger knows"
        return [f"{unknown}: {model}" for model in lists.unknown(used)]

    def unbilled(self) -> list[str]:
        """Name the recent days that have use and no bill so far, in words; nothing where there is none."""
        from tallystick.core.question import Question
        from tallystick.core.text import day_spans
        from tallystick.query.gaps import LATE, money_gaps

        now = self._clock.now()
        today = Grain.DAY.floor(now)
        late = money_gaps(self.engine(), Question("spend", Window(today - SETTLING, today), ()), now).get(LATE)
        days = [date.fromisoformat(day) for day in late["days"] if day not in late["in_part"]] if late else []
        return [f"Not billed yet: {day_spans(days, now.year)}. The usage is there, the bill is not."] if days else []

    def restated(self) -> list[str]:
        """What Anthropic restated of closed months since, in words; nothing where there is none."""
        from tallystick.query.month_lines import restated

        return restated(self.engine())

    def renamed(self) -> list[str]:
        """What has another name since today, and which rules of the owners match it no longer, in words."""
        from tallystick.query.owners import renaming
        from tallystick.query.spelling import renamed, spellings

        engine, today = self.engine(), self._clock.now().date()
        changes = renamed(engine, today)
        rest = [f"{len(changes) - _NAMED} more"] if len(changes) > _NAMED else []
        owners = self._settings.owners() if changes else None
        rules = [change for change in owners.renamings(spellings(engine)) if change.day == today] if owners else []
        names = f"Renamed: {'; '.join([*changes[:_NAMED], *rest])}. Days from {today} on go by the new names."
        return [*([names] if changes else []), *(renaming(owners, change) for change in rules if owners)]

    def acknowledge(
        self, finding: str, reason: str, *, waiting: Callable[[str], None] | None = None
    ) -> Acknowledgement:
        """Acknowledge a finding that `anomalies` lists: its state is `expected` from now on, with this reason.

        Raises UnknownName where there is no such finding, InvalidQuestion for an empty reason.
        """
        from tallystick.outlook.anomalies.known import acknowledgement_of
        from tallystick.store.acknowledgements import acknowledge

        acknowledgement = acknowledgement_of(self.context(), finding, reason)
        with self._tables.turn(waiting):
            acknowledge(self._tables.root, acknowledgement, waiting)
        return acknowledgement

    def acknowledge_finding(
        self,
        finding: str,
        reason: str,
        who: str,
        *,
        expected: bool = False,
        waiting: Callable[[str], None] | None = None,
    ) -> Finding:
        """Acknowledge a finding of a rule, by its key or the beginning of that; `expected` if it may open again."""
        from tallystick.watch.round import acknowledge

        self.engine()
        now = self._clock.now()
        return acknowledge(self._tables, finding, now, who, reason, expected=expected, waiting=waiting)

    def find_person(self, text: str) -> Person:
        """The person of that id, e-mail or exact name; InvalidQuestion names those near it."""
        from tallystick.sync.forget import find_person

        return find_person(self._tables, self._people(), text)

    def plan_forgetting(self, person: Person | None) -> Plan:
        """What `forget` would rewrite, and what else is called like the person and would stay; nothing is written."""
        from tallystick.sync.forget_plan import plan

        return plan(self._tables, self._people(), person)

    def forget(self, person: Person | None, *, waiting: Callable[[str], None] | None = None) -> Forgotten:
        """Forget a person, or everybody as far as the settings say: names and e-mails go, ids and totals stay."""
        from tallystick.sync.forget import forget

        self.engine()
        return forget(self._tables, self._people(), person, waiting)

    def closable(self, month: When, **allowed: Unpack[Allowed]) -> list[Draft]:
        """What `close` would close, of each organization; raises what `close` raises, and writes nothing."""
        from tallystick.billing.close import drafts

        now = self._clock.now()
        return drafts(self.engine(), month_name(month, now), self._settings.owners(), self._lists(), now, **allowed)

    def close(
        self, month: When, *, waiting: Callable[[str], None] | None = None, **allowed: Unpack[Allowed]
    ) -> list[Month]:
        """Close a month, of one organization or of each still open in it: its lines are copied and never rewritten.

        It asks nothing and cannot be undone; `closable` says before what it would close. Days that Anthropic may still
        restate must be allowed with `provisional`, bills that are late with `late`. The first month that is closed is
        the first that has charges; `skip_earlier` leaves those before it open for ever. Where the settings name no
        owners, `without_owners` must allow it. What changes later stands as
        adjustments in the next open month.
        """
        from tallystick.billing.close import close

        self.engine()
        name, owners = month_name(month, self._clock.now()), self._settings.owners()
        return close(self._tables, name, owners, self._lists(), self._clock.now, waiting, **allowed)
