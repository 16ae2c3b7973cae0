"""Label: how the settings call the organization that a sync reads, and the check that the credential is its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from tallystick.api.entries import Organization
from tallystick.api.page import Page
from tallystick.core.dimensions import UNKNOWN
from tallystick.core.ledger_tables import DAYS, NAMES, STAND_IN
from tallystick.errors import UnexpectedResponse
from tallystick.store.writer import Writer

_MEND = "Nothing was kept. Correct the credential, or the name, of [[organization]] {name}."


@dataclass(frozen=True, slots=True)
class Label:
    """How the settings call an organization, and how they call the others."""

    name: str
    others: frozenset[str] = frozenset()

    def known_id(self, names: Mapping[str, str]) -> str | None:
        """Return the id of the organization that has this name among names by id; None without any."""
        return next((id_ for id_, name in names.items() if name == self.name), None)

    def check(self, organization: str, names: Mapping[str, str]) -> None:
        """Raise UnexpectedResponse where another organization had this name so far, or this one has another's.

        Two tables with one organization's credential, or two credentials that changed places, would mix what is kept
        of people.
        """
        known = self.known_id(names)
        if known not in {None, organization} and names.get(organization) != self.name:
            raise UnexpectedResponse(
                f"{self.name} was {known} so far, and its credential is of {organization}.",
                _MEND.format(name=self.name),
            )
        if (name := names.get(organization)) in self.others:
            raise UnexpectedResponse(
                f"The credential of {self.name} is of {organization}, which is {name}.",
                _MEND.format(name=self.name),
            )

    def page(self, organization: str) -> Page:
        """Return the name as a page for the archive, so that a ledger that is built anew has it."""
        return Page("tallystick sync", msgspec.json.encode(Organization(organization, self.name)))


def organization_names(writer: Writer) -> dict[str, str]:
    """Return how the ledger calls its organizations, by id."""
    number, own = writer.version.tables.get(NAMES.name, 0), [("type", "=", "organization")]
    rows = writer.tables.rows(NAMES, number, columns=["id", "name", "seen_at"], filters=own).sort_by("seen_at")
    return dict(zip(rows["id"].to_pylist(), rows["name"].to_pylist(), strict=True))


def likely_organization(label: Label | None, writer: Writer) -> str:
    """Return whose sync was stopped before any answer told whose it is: the label's one, else the ledger's only one.

    One that the ledger does not know has a stand-in.
    """
    if label:
        return label.known_id(organization_names(writer)) or f"{STAND_IN}{label.name}"
    known = [*writer.organizations(DAYS)]
    return known[0] if len(known) == 1 else UNKNOWN
