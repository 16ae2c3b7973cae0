"""Ledger sync: what is read from the API into a ledger, of one organization or of each that the settings name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Unpack

from tallystick.core.ledger_tables import DAYS
from tallystick.core.text import did_you_mean
from tallystick.core.time_words import When
from tallystick.errors import ApiError, InvalidQuestion, UnknownName
from tallystick.ledger_care import LedgerCare
from tallystick.query.names import directory
from tallystick.settings import Settings

if TYPE_CHECKING:
    from tallystick.api.client import Client
    from tallystick.sync.estimate import Estimate
    from tallystick.sync.options import Options, Wanted
    from tallystick.sync.outcome import Outcome, Progress
    from tallystick.sync.plan import SyncTask


class LedgerSync(LedgerCare):
    """What brings a ledger what the API has."""

    def sync(
        self,
        since: When | None = None,
        until: When | None = None,
        *,
        partial: bool = False,
        client: Client | None = None,
        organizations: Sequence[str] = (),
        on_wait: Callable[[float, str], None] | None = None,
        progress: Callable[[Progress], None] | None = None,
        waiting: Callable[[str], None] | None = None,
        **wanted: Unpack[Wanted],
    ) -> Outcome:
        """Read from the API what is missing or not settled, and commit it in groups of windows, the newest first.

        `since` defaults to the beginning of the last month but one, `until` to now; both are included. `wanted` is any
        of month, grain, source, claude_code, breakdowns, again, accept_loss (`Wanted`). What cannot be read is left
        out and raised at the end (`partial`: left to the outcome). Each `[[organization]]` of the settings is read, one
        after the other, or those of these names; one that fails is left out like a window. `client` is asked in their
        place. Once a day what the setting `keep` does not keep is vacuumed. Raises UnknownName for a name that no
        organization of the settings has.
        """
        from tallystick.sync.outcome import Outcome

        keep = self._settings.keep
        organization_settings = () if client else self._chosen(organizations)
        plans = [(own, self._options(own, since, until, wanted)) for own in organization_settings or (self._settings,)]
        if self._tables.exists() and self._tables.newest_by_snapshot().number:
            self.tally(waiting=waiting)
        if not organization_settings:
            outcome = self._sync(*plans[0], client, on_wait, progress, waiting)
        else:
            outcome = Outcome()
            for own, options in plans:
                try:
                    part = self._sync(own, options, None, on_wait, _under(own.organization, progress), waiting)
                except (ApiError, InvalidQuestion) as wrong:  # of its credential, for the options are checked
                    outcome.stop(own.organization, wrong)
                else:
                    outcome.add(own.organization, part)
        self._retain(keep, waiting)
        if not partial:
            outcome.raise_failures()
        return outcome

    def _retain(self, keep: timedelta | None, waiting: Callable[[str], None] | None) -> None:
        """Once a day drop the versions that the settings do not keep, and delete what none has.

        Where all are kept, delete what the table of versions replaced, once that is much.
        """
        from tallystick.store.retention import is_due, is_long

        if keep is None:
            due = self._tables.exists() and is_long(self._tables)
        else:
            due = is_due(self._tables.every_version(), keep, self._closing_versions(), self._clock.now())
        if due:
            self.vacuum(keep, waiting=waiting)

    def _sync(
        self,
        settings: Settings,
        options: Options,
        client: Client | None,
        on_wait: Callable[[float, str], None] | None,
        progress: Callable[[Progress], None] | None,
        waiting: Callable[[str], None] | None,
    ) -> Outcome:
        """Sync one organization: that of a client, else of the settings."""
        from tallystick.sync.label import Label
        from tallystick.sync.run import Sync

        names = {own.organization for own in self._settings.organizations}
        name = settings.organization
        before = self._tables.newest_by_snapshot().number if self._tables.exists() else 0
        with nullcontext(client) if client else settings.client(self._clock, on_wait=on_wait) as connection:
            outcome = Sync(
                connection,
                self._tables,
                self._clock,
                options,
                progress=progress,
                waiting=waiting,
                prices=self._prices,
                people=settings.people(),
                label=Label(name, frozenset(names - {name})) if name else None,
            ).run()
        if outcome.version != before and self._settings.as_of is None:
            from tallystick.outlook.sync_record import write

            write(self.context(), outcome.organization)
        return outcome

    def tally(self, *, waiting: Callable[[str], None] | None = None) -> int:
        """Match used against billed anew, by the price lists in force; how many days. Asks the API nothing.

        Days that were tallied by these lists already are left as they are; charges without day sums get theirs.
        """
        from tallystick.sync.retally import retally, stale

        others = stale(self._tables, self._version(), self._lists())
        return retally(self._tables, others, self._lists(), self._clock.now(), waiting) if others else 0

    def plan(
        self,
        since: When | None = None,
        until: When | None = None,
        *,
        organizations: Sequence[str] = (),
        **wanted: Unpack[Wanted],
    ) -> tuple[list[SyncTask], Estimate]:
        """What `sync` would read now, and its cost in requests, minutes and megabytes; asks the API nothing.

        With `source` auto it takes for granted that the newer dialect may be read. Of the organizations of the settings
        it is what `sync` would read of each, or of those of these names.
        """
        from tallystick.sync.dialects import plan
        from tallystick.sync.estimate import estimate, total_estimate
        from tallystick.sync.known_days import known_days, request_costs

        plans = []
        for own in self._chosen(organizations) or (self._settings,):
            organization = self._organization_id(own.organization)
            version = self._tables.newest()
            own_rows = [("organization", "=", organization)]
            days = self._tables.rows(DAYS, version.tables[DAYS.name], filters=own_rows)
            known = known_days(days, self._tables, version, organization, self._clock.now())
            groups = plan(known, self._options(own, since, until, wanted), self._clock.now())
            tasks = [task for group in groups for task in group]
            plans.append((tasks, estimate(tasks, request_costs(self._tables))))
        return [task for tasks, _ in plans for task in tasks], total_estimate([cost for _, cost in plans])

    def _organization_id(self, name: str) -> str:
        """The id of the organization that the settings call so, without a name of the only one; empty where unknown."""
        known = self.organizations()
        if name:
            names = directory(self.engine(), "organization") if known else {}
            return next((id_ for id_ in known if names.get(id_) == name), "")
        return known[0] if len(known) == 1 else ""

    def _chosen(self, names: Sequence[str]) -> Sequence[Settings]:
        """The organizations of the settings that have these names, all of them without any."""
        organizations = {own.organization: own for own in self._settings.organizations}
        for name in names:
            if name not in organizations:
                raise UnknownName(
                    f"The settings have no [[organization]] called {name!r}.",
                    did_you_mean(name, sorted(organizations)) or f"They have {', '.join(organizations) or 'none'}.",
                )
        return [own for name, own in organizations.items() if not names or name in names]

    def _options(self, settings: Settings, since: When | None, until: When | None, choices: Wanted) -> Options:
        from tallystick.sync.options import Options

        try:
            return Options.of(since, until, choices, self._clock.now(), settings.breakdowns, settings.source)
        except InvalidQuestion as wrong:
            if not settings.organization:
                raise
            raise InvalidQuestion(f"{settings.organization}: {wrong.what}", wrong.hint) from None


def _under(name: str, progress: Callable[[Progress], None] | None) -> Callable[[Progress], None] | None:
    """Tell progress with the name of the organization that is read."""
    return progress and (lambda now: progress(replace(now, subject=f"{name}: {now.subject}")))
