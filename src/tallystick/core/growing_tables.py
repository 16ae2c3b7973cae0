"""Growing tables: what tallystick itself wrote down as it happened; they grow without a version of the ledger."""

from __future__ import annotations

from tallystick.core.table import Column, LedgerTable, Type

FORECASTS = LedgerTable(
    "forecasts",
    "forecasts as they were made, by syncs and when asked; `forecast --score` holds them against what came",
    (
        Column("organization", Type.TEXT, "id of the organization; `all` of a forecast of several"),
        Column("scope", Type.TEXT, 'what else it is held to, ids by dimension: JSON, as {"workspace": ["default"]}'),
        Column("made_at", Type.INSTANT, "when it was made"),
        Column("version", Type.COUNT, "the version that it was made from; 0 where the ledger was rebuilt since"),
        Column("maker", Type.TEXT, "`sync`, or `question` where it was asked for"),
        Column("first", Type.DAY, "first UTC day of what it is of"),
        Column("last", Type.DAY, "last UTC day"),
        Column("days_ahead", Type.COUNT, "days that were expected: not known then"),
        Column("gaps", Type.TEXT, 'such days before the one on which it was made: JSON, as ["2026-11-02"]'),
        Column("method", Type.TEXT, "forecast method"),
        Column("known", Type.MONEY, "what the days came to that were known, US dollars"),
        Column("expected", Type.MONEY, "what all of them were expected to come to, US dollars"),
        *(
            Column(f"{side}_{percent}", Type.MONEY, f"{side} end of the {percent} % range; null where there was none")
            for percent in (50, 80, 95)
            for side in ("low", "high")
        ),
        Column("last_week", Type.MONEY, "what last week again would have made of the days ahead; null if not known"),
        Column("seasonal", Type.MONEY, "what each weekday's mean of four weeks would have; null if not known"),
    ),
    (),
    pinned=False,
)
FINDINGS = LedgerTable(
    "findings",
    "the life of what rules saw, an event a row: `findings` lists each by its last",
    (
        Column("finding", Type.TEXT, "key of the finding, the same on every channel"),
        Column("rule", Type.TEXT, "name of the rule"),
        Column("subject", Type.TEXT, 'what it is about, by column: JSON, as {"key": "apikey_1"}'),
        Column("step", Type.TEXT, "opened, sending, sent, refused, acknowledged, expected, resolved or superseded"),
        Column("happened_at", Type.INSTANT, "when"),
        Column("place", Type.COUNT, "place among the events that were written together"),
        Column("who", Type.TEXT, "who did it: a watcher, or a person"),
        Column("text", Type.TEXT, "what is said of it: the sentence, the reason, why a channel refused"),
        Column("channel", Type.TEXT, "name of the channel that is told; empty where none is"),
        Column("topic", Type.TEXT, "what the channel is told: opened, reminder or resolved; else empty"),
        Column("attempt", Type.COUNT, "which attempt at that it is, from 1; else 0"),
        Column("dollars", Type.MONEY, "what it is about, US dollars; null where it is about none"),
        Column("facts", Type.TEXT, "what else is known: JSON"),
    ),
    (),
    pinned=False,
)
DELIVERIES = LedgerTable(
    "deliveries",
    "what became of each `[[deliver]]` of the settings, an event a row: `deliveries` lists each by its last",
    (
        Column("name", Type.TEXT, "name of the `[[deliver]]`"),
        Column("every", Type.TEXT, "month, week or day"),
        Column("period", Type.DAY, "first UTC day of the period"),
        Column("edition", Type.COUNT, "1, and one more each time that it is sent anew"),
        Column("team", Type.TEXT, "whose figures alone it has; empty where it has all"),
        Column("channel", Type.TEXT, "name of the channel that it goes to; empty where that is the folder"),
        Column("step", Type.TEXT, "begun, decided, sending, sent or refused"),
        Column("happened_at", Type.INSTANT, "when"),
        Column("place", Type.COUNT, "place among the events that were written together"),
        Column("who", Type.TEXT, "the watcher, or the command"),
        Column("text", Type.TEXT, "where it went, or why it was refused"),
        Column("attempt", Type.COUNT, "which attempt it is, from 1; else 0"),
        Column("billed", Type.MONEY, "what its days and team had been billed when it was sent, US dollars; else null"),
        Column("facts", Type.TEXT, "what else is known: JSON"),
    ),
    (),
    pinned=False,
)
