"""Listing: the directory as one sync reads it: whose the credential is, and how everything is called.

Names are a convenience: a list that cannot be read is left out and said, and the bill is read all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from tallystick.api import analytics, analytics_query, directory, entries
from tallystick.api.page import Page
from tallystick.api.reports_query import usage_report_query
from tallystick.core import ledger_tables
from tallystick.core.time import DAY, Grain, Window
from tallystick.errors import ApiError, Refused, UnexpectedResponse
from tallystick.sync.batch import FetchedPage
from tallystick.sync.label import Label, organization_names
from tallystick.sync.names import CHILDREN
from tallystick.sync.redaction import OLDER, People
from tallystick.sync.sources import NAMES, persons_of

if TYPE_CHECKING:
    from tallystick.store.writer import Writer
    from tallystick.sync.commit import Committer
    from tallystick.sync.fetch import Fetch
    from tallystick.sync.outcome import Outcome
    from tallystick.sync.page_checks import Watch

ORGANIZATION = "organization"
_NOBODY = "No other answer says whose it is."
_ADMIN_KEY = "Sync with an Admin key of the organization (Console, Settings, Admin keys), which may ask that."


@dataclass
class Listing:
    """The pages of the directory, each with its purpose, and what could not be read of it, by purpose."""

    pages: list[tuple[str, Page]]
    errors: dict[str, ApiError] = field(default_factory=dict)
    _asked: list[FetchedPage] = field(default_factory=list)

    @classmethod
    def read(cls, watch: Watch) -> Listing:
        """Read every list that may be read; Refused where the credential is not known at all."""
        errors: dict[str, ApiError] = {}
        return cls(list(directory.read(watch, errors.__setitem__)), errors)

    @property
    def known(self) -> bool:
        """Whether the API says whose the credential is at its own address."""
        return ORGANIZATION not in self.errors

    def organization(self, watch: Watch, now: datetime, sample: Page | None, ledger: set[str]) -> str:
        """Return whose the credential is: as its own address says, else as other answers do (reports-api 2.5).

        Raises what that address answered where no answer does, UnexpectedResponse where the ledger holds other
        organizations alone.
        """
        if self.known:
            return entries.organization(self.pages[0][1]).id
        organization = analytics.organization(sample) if sample else None
        if organization is None:
            self._ask_report(watch, now)
            organization = next(iter(watch.owners), None)
        if organization is None:
            no = self.errors[ORGANIZATION]
            raise type(no)(f"{no.what} {_NOBODY}", f"{_ADMIN_KEY} {no.hint}", status=no.status, code=no.code)
        if ledger and organization not in ledger:
            raise UnexpectedResponse(
                f"The API answered for the organization {organization}; this ledger holds {', '.join(sorted(ledger))}, "
                "and this credential may not ask whose it is.",
                "Nothing was kept. Sync another organization into a ledger of its own: --ledger FOLDER.",
            )
        return organization

    def _ask_report(self, watch: Watch, now: datetime) -> None:
        """Ask the older usage report for one day, unless an answer has named the organization already."""
        if watch.owners:
            return
        today = Grain.DAY.floor(now)
        with suppress(ApiError):
            watch.get(usage_report_query(Window(today - DAY, today), Grain.DAY, limit=1))

    def owner(self, watch: Watch, sample: Page | None, writer: Writer, label: Label | None) -> str:
        """Return whose the credential is, and call it as `label` says in the place of its own address.

        Raises what `organization` raises, and UnexpectedResponse where the ledger knows another one by that label.
        """
        known = set[str]() if label else writer.organizations(ledger_tables.DAYS)
        organization = self.organization(watch, watch.now(), sample, known)
        if label:
            label.check(organization, organization_names(writer))
            self.pages.append((entries.OWN_NAME, label.page(organization)))
        return organization

    def learn(self, people: People) -> None:
        """Learn whose e-mails are whose; leave out what may not be kept of persons, and lists that make no sense."""
        for purpose in dict.fromkeys(purpose for purpose, _ in self.pages):
            listed = [page for name, page in self.pages if name == purpose]
            try:
                if purpose == "users":
                    for page in listed:
                        people.learn(page.body)
                answers = [people.redact(FetchedPage(purpose, {}, page), persons_of(NAMES, purpose)) for page in listed]
                directory.names((purpose, answer.page) for answer in answers)
            except UnexpectedResponse as wrong:
                if purpose == ORGANIZATION:
                    raise
                self.errors[purpose] = wrong
            else:
                self._asked += answers

    def ask_children(self, watch: Watch, now: datetime) -> None:
        """Ask the newer dialect which organizations a parent's report is of; a refusal leaves it unknown."""
        query = analytics_query.family(now)
        try:
            pages = list(watch.pages(query)) if query else []
            children = {child for page in pages for child in analytics.children(page)}
        except (Refused, UnexpectedResponse):
            return
        if children:  # of any other organization nothing is to be kept
            self._asked += [FetchedPage(CHILDREN, {}, page) for page in pages]

    def keep(self, committer: Committer, fetch: Fetch, outcome: Outcome, when: datetime) -> None:
        """Archive the lists and commit the names; say what could not be read and what looks wrong."""
        self._say(outcome)
        if fetch.people.named_in(committer.writer.rows(ledger_tables.NAMES, committer.organization).to_pylist()):
            outcome.warn(OLDER.format(mode=fetch.people.mode))
        fetch.names(committer, self._asked, when)
        committer.keep_prices(when)
        outcome.names = committer.keep_names([(answer.purpose, answer.page) for answer in self._asked], when)
        short: Mapping[str, str] = committer.short
        committer.losses |= {f"the list of {_label(purpose)}": words for purpose, words in short.items()}

    def _say(self, outcome: Outcome) -> None:
        errors = {purpose: wrong for purpose, wrong in self.errors.items() if not self._repeated(purpose)}
        refusals = {purpose: wrong for purpose, wrong in errors.items() if isinstance(wrong, Refused)}
        if refusals:
            lists = ", ".join(map(_label, refusals))
            first = next(iter(refusals.values()))
            outcome.warn(f"Not everything could be read, so ids stand for names: {lists}. {first.what}")
        for purpose in errors.keys() - refusals.keys():
            outcome.failures[f"the list of {_label(purpose)}"] = errors[purpose]

    def _repeated(self, purpose: str) -> bool:
        """Whether it is the workspaces once more, with the default one, and the list without it failed too."""
        return purpose == "default_workspace" and "workspaces" in self.errors


def _label(purpose: str) -> str:
    return purpose.replace("_", " ")
