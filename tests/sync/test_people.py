from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from support.records import content, records
from support.wire import KEY, NOW, PUBLIC, Clock, Wire, days_ago, small, synced, transport
from tallystick.api import analytics_query
from tallystick.api.actors import Actor
from tallystick.api.client import Client
from tallystick.api.credential import Credential
from tallystick.cli import cli
from tallystick.core.ledger_tables import NAMES, PAGES, PINNED, VERSIONS
from tallystick.core.text import safe
from tallystick.core.time import Grain, Window
from tallystick.errors import InvalidQuestion, UnexpectedResponse
from tallystick.ledger import Ledger
from tallystick.query.context import Context
from tallystick.settings import Settings
from tallystick.sim import World
from tallystick.store import erasure
from tallystick.store.archive import Archive
from tallystick.store.columns import schema
from tallystick.store.tables import Tables
from tallystick.sync import forget as forgetting
from tallystick.sync.rebuild import rebuild
from tallystick.sync.redaction import People
from tallystick.sync.source import Persons
from tallystick.watch.judgement import judge
from tallystick.watch.round import acknowledge, look
from tallystick.watch.rule import Rule

SINCE = days_ago(3)
HASH = b"a key of the tests"
AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = Window(datetime(2026, 11, 3, tzinfo=UTC), datetime(2026, 11, 4, tzinfo=UTC))
JANE = {"type": "user", "id": "user_1", "name": "Jane Doe", "email": "Jane@Corp.com", "role": "user", "shoe": 4.50}
JOHN = {"type": "user", "id": "user_2", "name": "John Roe", "email": "john@corp.com", "role": "user"}
WORKER = {
    "type": "federated_actor",
    "subject": "max@corp.com",
    "provider": {"type": "aws", "account_id": "1", "signed_principal": "arn:aws:sts::1:assumed-role/r/max@corp.com"},
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of settings of the test's own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "tallystick"


def _users(*users: dict[str, Any]) -> bytes:
    return json.dumps({"data": users, "first_id": None, "has_more": False, "last_id": None}).encode()


def _actor(user: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "user_actor",
        "user_id": user["id"],
        "name": user["name"],
        "email_address": user["email"],
        "deleted": False,
    }


def _usage(*actors: dict[str, Any] | None) -> bytes:
    rows = [
        {
            "starting_at": "2026-11-03T00:00:00Z",
            "ending_at": "2026-11-04T00:00:00Z",
            "group": {"actor": actor, "model": "claude-opus-5", "workspace_id": None, "api_key_id": None},
            "usage": {
                "uncached_input_tokens": 10 if actor else 40,
                "cache_creation": {"ephemeral_1h_input_tokens": 0, "ephemeral_5m_input_tokens": 0},
                "cache_read_input_tokens": 0,
                "output_tokens": 5 if actor else 20,
                "server_tool_use": {"web_search_requests": 0},
                "requests": 1 if actor else 4,
            },
        }
        for actor in actors
    ]
    return json.dumps(
        {"data": rows, "has_more": False, "next_page": None, "data_refreshed_at": "2026-11-20T06:00:00Z"}
    ).encode()


def _code(*emails: str) -> bytes:
    return json.dumps(
        {"data": [{"actor": {"type": "user_actor", "email_address": email}} for email in emails]}
    ).encode()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger made of hand-written pages: Jane before and after she married, John, two strangers."""
    folder = tmp_path_factory.mktemp("written")
    raw = folder / "raw"
    archive, common = (
        Archive(raw),
        {"organization": "org_1", "attempt": 1, "grain": "day", "read_at": AT, "fixed": "{}"},
    )
    married = {**JANE, "name": "Jane Poe"}
    fixed = json.dumps(dict.fromkeys(("tier", "context", "geo", "speed", "product"), "unknown"))
    control = analytics_query.usage_query(DAY, Grain.DAY, NOW).request
    cube = analytics_query.usage_query(DAY, Grain.DAY, NOW, by=("workspace", "key", "actor", "model")).request
    stranger = {"id": "user_9", "name": "Sam Gone", "email": "sam@corp.com"}
    pages: list[tuple[int, str, str, str, bytes, str]] = [
        (1, "names", "users", "/v1/organizations/users", _users(JANE, JOHN), "{}"),
        (2, "analytics_usage", "before", control, _usage(None), "{}"),
        (2, "analytics_usage", "cube", cube, _usage(*map(_actor, (JANE, JOHN, stranger)), WORKER), fixed),
        (2, "analytics_usage", "after", control, _usage(None), "{}"),
        (3, "names", "users", "/v1/organizations/users", _users(married, JOHN), "{}"),
    ]
    rows = [
        common
        | {"reading": reading, "source": source, "purpose": purpose, "request": request, "place": index, "fixed": fixed}
        | {"window_start": DAY.start, "window_end": DAY.end, "refreshed_at": AT, "hash": archive.keep(body)}
        | {"size": len(body)}
        for index, (reading, source, purpose, request, body, fixed) in enumerate(pages)
    ]
    with Tables(raw).writing() as writer:
        writer.append(PAGES, pa.Table.from_pylist(rows, schema(PAGES)))
    path = folder / "ledger"
    rebuild(raw, path, PUBLIC)
    shutil.rmtree(raw)
    assert len(records(path, NAMES)) == 6, "Jane twice, and Sam, whom the directory does not list, as gone"
    return path


@pytest.fixture
def ledger(written: Path, path: Path) -> Path:
    """A copy of that ledger, to be written to."""
    shutil.copytree(written, path)
    return path


def _book(path: Path) -> Ledger:
    return Ledger(path, Clock())


def _texts(path: Path) -> Iterator[tuple[Path, str]]:
    """All that the files under a folder say, compressed or not."""
    for file in (file for file in path.rglob("*") if file.is_file()):
        file_bytes = file.read_bytes()
        yield file, file_bytes.decode("latin-1")
        if file.suffix == ".zst":
            yield file, pa.CompressedInputStream(pa.BufferReader(file_bytes), "zstd").read().decode()
        elif file.suffix == ".parquet":
            yield file, repr(pq.ParquetFile(file).read().to_pylist())


def _texts_of(path: Path) -> dict[Path, str]:
    return {file: text for file, text in _texts(path) if "writer." not in file.name}


def _holding(path: Path, *words: str) -> list[str]:
    return [
        f"{file.relative_to(path)}: {word}"
        for file, file_bytes in _texts(path)
        for word in words
        if word.lower() in file_bytes.lower()
    ]


def _others(path: Path) -> dict[str, Any]:
    return {name: rows for name, rows in content(path).items() if name != "names"}


def test_full_leaves_pages_as_they_are() -> None:
    """Where everything is kept, and nobody was forgotten, no page is touched and no key is made."""
    people = People("full", lambda: pytest.fail("a key was made"))
    assert people.redacted(_users(JANE), Persons.USERS) is None
    assert people.redacted(_usage(_actor(JANE)), Persons.ACTORS) is None


def test_ids_keep_all_but_name_and_email() -> None:
    """With `ids` a user is called by its id and has no e-mail; every other field stays, exactly and in its order."""
    body = People("ids", HASH).redacted(_users(JANE), Persons.USERS)
    assert body is not None
    assert json.loads(body)["data"] == [JANE | {"name": "user_1", "email": None}]
    assert list(json.loads(body)["data"][0]) == list(JANE)
    assert b"4.5" in body
    assert People("ids", HASH).redacted(body, Persons.USERS) is None


def test_hashed_gives_stable_pseudonyms() -> None:
    """With `hashed` the same person has the same pseudonym in every page, another key gives another, twice is once."""
    people = People("hashed", HASH)
    body = people.redacted(_users(JANE), Persons.USERS)
    assert body is not None
    [user] = json.loads(body)["data"]
    page = people.redacted(_usage(_actor(JANE)), Persons.ACTORS)
    assert page is not None
    actor = json.loads(page)["data"][0]["group"]["actor"]
    assert (actor["name"], actor["email_address"]) == (user["name"], user["email"])
    assert user["name"].startswith("person_")
    assert user["email"] == people.id_of("jane@corp.com")
    assert People("hashed", b"another").redacted(_users(JANE), Persons.USERS) != body
    assert people.redacted(body, Persons.USERS) is None


def test_an_identity_without_an_id_gets_a_keyed_one() -> None:
    """The subject of a federated identity, which can be an e-mail, becomes a keyed id, and that is who it is."""
    page = People("ids", HASH).redacted(_usage(WORKER), Persons.ACTORS)
    assert page is not None
    actor = json.loads(page)["data"][0]["group"]["actor"]
    assert b"max@corp.com" not in page
    assert actor["subject"].startswith("federated_")
    assert Actor(type="federated_actor", subject=actor["subject"]).id == actor["subject"]
    assert People("ids", HASH).redacted(page, Persons.ACTORS) is None
    second = People("ids", b"another").redacted(_usage(WORKER), Persons.ACTORS)
    assert second is not None
    assert second != page


def test_an_email_of_claude_code_becomes_an_id() -> None:
    """In pages of Claude Code an e-mail becomes the id it belongs to, else its keyed hash; a second time it stays."""
    people = People("ids", HASH)
    people.learn(_users(JANE))
    page = people.redacted(_code("jane@corp.com", "nobody@corp.com"), Persons.EMAILS)
    assert page is not None
    first, second = (row["actor"]["email_address"] for row in json.loads(page)["data"])
    assert first == "user_1"
    assert second == people.id_of("Nobody@corp.com")
    assert len(second) == len("person_") + 22
    assert people.redacted(page, Persons.EMAILS) is None
    assert people.id_of(second) == second


def test_a_page_that_cannot_be_read_is_not_kept() -> None:
    """A page that may tell of people and cannot be read is a strange answer, never kept as it came."""
    with pytest.raises(UnexpectedResponse):
        People("ids", HASH).redacted(b'{"data": [{"email": "jane@corp.com"', Persons.USERS)


def test_the_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    """The key is made at first need with mode 0600, outside the ledger, where `people_key` says; then it stays."""
    config = tmp_path / "tallystick.toml"
    config.write_text('people = "hashed"\npeople_key = "sub/own.key"\n')
    settings = Settings.load(config=str(config), environment={})
    people = settings.people()
    key = tmp_path / "sub" / "own.key"
    assert not key.exists()
    keyed_id = people.id_of("jane@corp.com")
    assert key.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in key.parent.iterdir()] == ["own.key"]
    assert settings.people().id_of("jane@corp.com") == keyed_id


def test_another_word_for_people_is_refused(tmp_path: Path) -> None:
    """`people` is full, ids or hashed; anything else is asked wrongly, so that a slip keeps nobody's name."""
    config = tmp_path / "tallystick.toml"
    config.write_text('people = "none"\n')
    with pytest.raises(InvalidQuestion, match="none"):
        Settings.load(config=str(config), environment={})


def _synced(path: Path, tmp_path: Path, mode: str, world: World, clock: Clock | None = None) -> list[str]:
    config = tmp_path / f"{mode}.toml"
    config.write_text(f'people = "{mode}"\nledger = "{path}"\n')
    wire = Wire(world, clock)
    book = Ledger.of(Settings.load(config=str(config), environment={}), clock=wire.clock)
    with Client(Credential(KEY), clock=wire.clock, transport=transport(wire)) as client:
        return book.sync(str(SINCE), client=client, source="reports").warnings


@pytest.mark.long
@pytest.mark.parametrize("mode", ["ids", "hashed"])
def test_nobody_is_named_in_a_ledger_without_people(path: Path, tmp_path: Path, mode: str) -> None:
    """With `ids` or `hashed` no file of the ledger holds a name or an e-mail; a rebuild gives the same tables."""
    world = small()
    _synced(path, tmp_path, mode, world)
    people = world.organization.users
    assert people
    assert _holding(path, *(person.email for person in people), *(person.name for person in people)) == []
    [users] = [row for row in Tables(path).rows(PAGES).to_pylist() if row["purpose"] == "users"]
    assert users["redacted"] == f"people = {mode}"
    assert len(users["original"]) == 64
    assert users["original"] != users["hash"]
    others = [row for row in Tables(path).rows(PAGES).to_pylist() if row["purpose"] != "users"]
    assert {row["source"] for row in others if row["redacted"]} == {"claude_code"}
    _book(path).rebuild(tmp_path / "again")
    assert content(tmp_path / "again", untimed=True) == content(path, untimed=True)


@pytest.mark.long
def test_older_pages_are_spoken_of_and_rewritten(path: Path, tmp_path: Path) -> None:
    """Switched on later, `people` says that older pages hold names, until `forget --all` has rewritten them."""
    world = small()
    synced(path, Wire(world), SINCE)
    assert any("forget --all" in warning for warning in _synced(path, tmp_path, "ids", world))
    before = _others(path)
    book = Ledger.of(Settings.load(config=str(tmp_path / "ids.toml"), environment={}))
    book.forget(None)
    assert _others(path) == before
    assert _holding(path, *(user.email for user in world.organization.users)) == []
    assert {row["redacted"] for row in Tables(path).rows(PAGES).to_pylist()} == {None, "people = ids"}
    assert _synced(path, tmp_path, "ids", world) == []


@pytest.mark.long
def test_a_forgotten_person_is_nowhere(ledger: Path, tmp_path: Path) -> None:
    """Of a forgotten person no name, former name or e-mail is left in any file; all else is as it was."""
    book = _book(ledger)
    before = _others(ledger)
    done = book.forget(book.find_person("JANE@corp.com"))
    assert done.pages == 3
    assert _holding(ledger, "jane", "doe", "poe") == []
    assert len(_holding(ledger, "john@corp.com")) > 2
    assert _others(ledger) == before
    rows = [row for row in records(ledger, NAMES) if row["id"] == "user_1"]
    assert [(row["name"], row["email"]) for row in rows] == [("user_1", None)]
    index = {row["place"]: row for row in Tables(ledger).rows(PAGES).to_pylist()}
    assert [index[number]["redacted"] for number in range(5)] == ["forgotten", None, "forgotten", None, "forgotten"]
    assert [index[number]["original"] is None for number in range(5)] == [False, True, False, True, False]
    assert book.verify().cells == []
    book.rebuild(tmp_path / "again")
    assert content(tmp_path / "again", untimed=True) == content(ledger, untimed=True)
    assert _holding(tmp_path / "again", "jane") == []


@pytest.mark.long
def test_every_version_stays_readable(ledger: Path) -> None:
    """After a forgetting every version of the ledger can still be read, with the names of today."""
    book = _book(ledger)
    numbers = Tables(ledger).rows(VERSIONS)["version"].to_pylist()
    assert len(numbers) > 2
    book.forget(book.find_person("user_1"))
    synced(ledger, Wire(small()), SINCE)
    rows = Tables(ledger).rows(VERSIONS).to_pylist()
    assert {*numbers} < {row["version"] for row in rows}
    for row in rows:
        pins = json.loads(row["tables"])
        for name, pin in pins.items():
            table = next(table for table in PINNED if table.name == name)
            assert Tables(ledger).rows(table, pin) is not None
    assert _holding(ledger, "jane") == []


def test_a_person_is_found_by_id_email_or_name(ledger: Path) -> None:
    """A person is named by id, e-mail or exact name, former ones too; unknown or ambiguous is asked wrongly."""
    book = _book(ledger)
    for spelling in ("user_1", "jane@corp.com", "Jane Doe", "Jane Poe"):
        assert book.find_person(spelling).id == "user_1"
    with pytest.raises(InvalidQuestion, match="Jane Doe"):
        book.find_person("Jane Do")
    with pytest.raises(InvalidQuestion, match="no 'zzz'"):
        book.find_person("zzz")


@pytest.mark.long
def test_a_federated_identity_can_be_forgotten(ledger: Path, tmp_path: Path) -> None:
    """An identity without an id keeps the one that the tables have, so that a rebuild gives the same."""
    book = _book(ledger)
    before = _others(ledger)
    book.forget(book.find_person("max@corp.com"))
    assert _others(ledger) == before
    assert _holding(ledger, "max@corp.com") == []
    book.rebuild(tmp_path / "again")
    assert content(tmp_path / "again", untimed=True) == content(ledger, untimed=True)


@pytest.mark.long
def test_everybody_can_be_forgotten(ledger: Path, tmp_path: Path) -> None:
    """`--all` where everything is kept forgets everybody known, strangers of the reports too."""
    book = _book(ledger)
    before = _others(ledger)
    book.forget(None)
    assert _holding(ledger, "jane", "poe", "john@", "roe", "sam", "max@corp") == []
    assert _others(ledger) == before
    book.rebuild(tmp_path / "again")
    assert content(tmp_path / "again", untimed=True) == content(ledger, untimed=True)


@pytest.mark.long
def test_a_sync_does_not_bring_the_person_back(path: Path) -> None:
    """What the API tells later of a forgotten person is left out of pages and names, where all else is kept in full."""
    world = small()
    synced(path, Wire(world), SINCE)
    gone, colleague = world.organization.users[:2]
    book = _book(path)
    book.forget(book.find_person(gone.id))
    synced(path, Wire(world, Clock(NOW.replace(hour=20))), SINCE)
    assert _holding(path, gone.email, gone.name) == []
    assert len(_holding(path, colleague.email)) > 1
    users = [row for row in Tables(path).rows(PAGES).to_pylist() if row["purpose"] == "users"]
    assert {row["redacted"] for row in users} == {"forgotten"}


STEPS = ("remember", "_pages", "rewrite", "repin", "purge", "sweep")


@pytest.mark.long
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_crash_is_completed_by_the_next(
    ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, *, after: bool
) -> None:
    """Dead before or after any step, the ledger can be read and rebuilt; the same command once more completes it."""
    book = _book(ledger)
    before = _others(ledger)
    step_of = getattr(forgetting, step)

    def die(*arguments: Any) -> None:
        if after:
            step_of(*arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(forgetting, step, die)  # a crash between two steps: no user has a way to stop there
        person = book.find_person("jane@corp.com")
        with pytest.raises(KeyboardInterrupt):
            book.forget(person)
    assert Tables(ledger).newest_by_snapshot() == Tables(ledger).newest()
    assert _others(ledger) == before
    assert book.verify().cells == []
    book.rebuild(tmp_path / "again")
    book.forget(book.find_person("jane@corp.com"))
    assert _holding(ledger, "jane", "poe") == []
    assert _others(ledger) == before


USED = Rule(
    "used",
    "usage --by actor --since 2026-11-03 --until 2026-11-03",
    "output > 0",
    "{actor_name} used {output} tokens.",
    subject=("actor_name",),
    whole=False,
)


def test_a_forgotten_person_is_in_no_finding(ledger: Path) -> None:
    """Sentences, subjects and who acknowledged are rewritten with the id; the finding lives on, and others stay."""
    book, tables = _book(ledger), Tables(ledger)
    before = look(book, tables, [USED], NOW, "Jane Poe").findings
    assert {"Jane Poe", "John Roe"} < {finding.subject["actor_name"] for finding in before.values()}
    jane = next(id_ for id_, finding in before.items() if finding.subject["actor_name"] == "Jane Poe")
    acknowledge(tables, jane, NOW + timedelta(minutes=1), "jane@corp.com", "jane doe knows, janet not")
    done = book.forget(book.find_person("user_1"))
    assert done.findings == len(before) + 1
    assert _holding(ledger, "jane poe", "jane@", "doe") == []
    after = look(book, tables, [USED], NOW, "w")
    assert after.events == (), "the same findings are open"
    assert after.findings[jane].opened.text == "user_1 used 5 tokens."
    assert [(event.who, event.text) for event in after.findings[jane].events] == [("user_1", "user_1 knows, janet not")]
    assert {"John Roe"} < {finding.subject["actor_name"] for finding in after.findings.values()}


@pytest.mark.parametrize("mode", ["ids", "hashed"])
def test_findings_name_nobody_more_than_the_settings_say(ledger: Path, tmp_path: Path, mode: str) -> None:
    """`forget --all` leaves in findings what `people` lets be kept, and later rounds write no more."""
    settings = tmp_path / "tallystick.toml"
    settings.write_text(f'people = "{mode}"', encoding="utf-8")
    loaded = Settings.load(config=str(settings), ledger=str(ledger), environment={})
    book = Ledger(ledger, Clock(), None, loaded)
    look(book, Tables(ledger), [USED], NOW, "w")
    book.forget(None)
    assert _holding(ledger, "jane", "john", "doe", "roe") == []
    assert look(book, Tables(ledger), [USED], NOW, "w").events == ()


class Late(Ledger):
    """A ledger whose first question is answered before a person is forgotten, and written down after it."""

    first = True

    def context(self, client: Client | None = None) -> Context:
        context = super().context(client)
        if self.first:
            self.first = False
            assert "Jane Poe" in str(judge(context, USED).cases)
            self.forget(self.find_person("user_1"))
        return context


def test_a_round_that_is_late_names_nobody(ledger: Path) -> None:
    """What a watcher saw before a forgetting is judged anew before it is written down."""
    made = look(Late(ledger, Clock()), Tables(ledger), [USED], NOW, "w")
    assert "user_1 used 5 tokens." in [event.text for event in made.events]
    assert _holding(ledger, "jane") == []


def test_the_list_holds_ids_only(ledger: Path) -> None:
    """Who was forgotten is remembered by ids and keyed hashes alone."""
    book = _book(ledger)
    book.forget(book.find_person("user_1"))
    names = erasure.forgotten(ledger)
    assert set(names.values()) == {"user_1"}
    assert len(names) == 2


def test_the_command_says_what_it_will_do_and_asks(ledger: Path) -> None:
    """`forget` says whom it takes out and asks; refused, nothing changes; with --yes it does so and says how much."""
    run = partial(CliRunner().invoke, cli)
    ledger_option = ["--ledger", str(ledger)]
    answer = run(["forget", "Jane Doe", *ledger_option], input="n\n")
    assert "user_1" in answer.output
    assert "cannot be undone" in answer.output
    assert _holding(ledger, "jane") != []
    done = run(["forget", "jane@corp.com", "--yes", *ledger_option])
    assert done.exit_code == 0
    assert "3 pages" in done.output
    assert _holding(ledger, "jane") == []


def test_a_plan_says_what_would_be_done_and_what_stays(ledger: Path) -> None:
    """`forget --plan` writes nothing, says what `forget` then does, and names keys that are called like the person."""
    row = dict.fromkeys(column.name for column in NAMES.columns) | {"organization": "org_1", "seen_at": NOW}
    keys = {"key_1": "jane-laptop", "key_2": "janitor", "key_3": "POE_batch", "key_4": "hijane", "key_5": "\x1b[2J-doe"}
    with Tables(ledger).writing() as writer:
        rows = [row | {"type": "key", "id": id_, "name": name} for id_, name in keys.items()]
        writer.append(NAMES, pa.Table.from_pylist(rows, schema(NAMES)))
        writer.commit("org_1", "keys", NOW, {})
    before = _texts_of(ledger)
    run = partial(CliRunner().invoke, cli)
    answer = run(["forget", "jane@corp.com", "--plan", "--ledger", str(ledger)])
    assert answer.exit_code == 0
    assert _texts_of(ledger) == before
    planned, _, *namesakes = answer.output.splitlines()
    assert [line.split()[0:2] + line.split()[-1:] for line in namesakes] == [
        ["key", "jane-laptop", "(key_1)"],
        ["key", "POE_batch", "(key_3)"],
        ["key", safe("\x1b[2J-doe"), "(key_5)"],
    ]
    done = run(["forget", "jane@corp.com", "--yes", "--ledger", str(ledger)])
    assert done.output.splitlines()[-1].partition(" of findings ")[0] == planned.partition(" of findings ")[0]
    everybody = run(["forget", "--all", "--plan", "--ledger", str(ledger)])
    assert "0 pages" not in everybody.output


@pytest.mark.parametrize("words", [[], ["user_1", "--all"]])
def test_the_command_must_be_told_whom(ledger: Path, words: list[str]) -> None:
    """`forget` without a person and without --all, or with both, is asked wrongly."""
    result = CliRunner().invoke(cli, ["forget", *words, "--ledger", str(ledger)])
    assert isinstance(result.exception, InvalidQuestion)
