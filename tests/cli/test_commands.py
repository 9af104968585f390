"""The commands as a user types them: exit codes, one clear sentence, never a traceback."""

import gzip
import io
import json
import random
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import prasan
from prasan.cli import main
from prasan.node.node import Node
from prasan.node.objects import STAFF

DATA = Path(prasan.__file__).parent / "data"
TRACK = DATA / "ais" / "gfw_mmsi_416000000.jsonl.gz"
INCIDENTS = DATA / "incidents" / "piracy_attacks_1993_2015.csv.gz"
POLICY = 'prasan_policy = 1\nname = "t"\n[[rule]]\nid = "r"\nto = ["public"]\nthen = "release"\n'


class Said(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


class Shell:
    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self._capfd = capfd

    def __call__(self, *words: object) -> Said:
        try:
            code = main([str(word) for word in words])
        except SystemExit as left:
            code = int(left.code or 0)
        out, err = self._capfd.readouterr()
        assert "Traceback" not in err
        return Said(code, out, err)

    def refuses(self, *words: object, code: int = 2) -> str:
        """The one sentence that a refused command says."""
        said = self(*words)
        assert (said.code, said.out) == (code, ""), said
        assert said.err.startswith("prasan: ")
        assert len(said.err.splitlines()) == 1, said.err
        return said.err


@pytest.fixture
def shell(capfd: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capfd)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("homes") / "th"
    assert main(["init", str(home), "--name", "th-mc", "--country", "TH"]) == 0
    return home


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """The first rows of a shipped track, unpacked."""
    path = tmp_path / "track.jsonl"
    path.write_bytes(b"".join(gzip.decompress(TRACK.read_bytes()).splitlines(keepends=True)[:400]))
    return path


@pytest.fixture
def plain_csv(tmp_path: Path) -> Path:
    """Two ships a day's sail apart that use one MMSI, and one that is silent for ten hours, in the plainest table."""
    path = tmp_path / "plain.csv"
    rows = []
    for i in range(200):
        rows.append(f"567000001,{1_700_000_000 + 300 * i},{10 + 30 * (i % 2)},{100 + i / 1000}")
        rows += [f"567000002,{1_700_000_001 + 300 * i},{8 + i / 500},{101}"] if not 60 < i < 180 else []
    path.write_text("\n".join(["mmsi,t,lat,lon", *rows, ""]))
    return path


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("decode", "--no-such", "x"), "Say 'prasan"),
        (("no-such-command",), "invalid choice"),
        (("decode", "x", "--to", "xml"), "invalid choice: 'xml'"),
        (("decode", "/no/such/file", "--to", "jsonl"), "There is no file or folder '/no/such/file'"),
        (("detect", "/no/such/file"), "There is no file or folder"),
        (("detect",), "name either files or a node's --home"),
        (("policy", "check", "/no/such/file"), "/no/such/file cannot be read"),
        (("accord", "check", "/no/such/file"), "/no/such/file cannot be read"),
    ],
)
def test_wrong_use_is_one_sentence(shell: Shell, words: tuple[str, ...], says: str) -> None:
    assert says in shell.refuses(*words)


@pytest.mark.parametrize(
    "words",
    [
        ("ingest", "x.csv"), ("serve",), ("sync",), ("ledger", "verify"), ("partner", "card"), ("accord", "list"),
        ("release", "preview", "--to", "public"), ("recall", "x", "--to", "all", "--reason", "r"),
        ("token", "create", "--user", "a"), ("detect",),
    ],
)  # fmt: skip
def test_a_folder_that_is_no_home_is_named(shell: Shell, tmp_path: Path, words: tuple[str, ...]) -> None:
    said = shell.refuses(*words, "--home", tmp_path)
    assert "is not a node home" in said
    assert "prasan init" in said


def test_init_refuses_what_is_there_and_what_is_no_country(shell: Shell, made: Path, tmp_path: Path) -> None:
    assert "is a node home already" in shell.refuses("init", made, "--name", "x", "--country", "TH")
    assert "not a country code" in shell.refuses("init", tmp_path / "n", "--name", "x", "--country", "Thailand")
    assert not (tmp_path / "n").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("ingest", "/no/such/file"), "There is no file or folder"),
        (("ingest", "gopher://0.0.0.0:1"), "is not a live feed"),
        (("partner", "add", "/no/such/file"), "cannot be read"),
        (("partner", "suspend", "nobody"), "there is no partner 'nobody' (registered: none yet)"),
        (("sync", "nobody"), "there is no partner 'nobody'"),
        (("token", "create", "--user", "nobody"), "there is no user 'nobody'"),
        (("release", "preview", "--to", "nobody"), "there is no recipient 'nobody'. Use one of: class:staff, public"),
        (("release", "explain", "incident--x", "--to", "public"), "there is no object incident--x"),
        (("recall", "incident--x", "--to", "nobody", "--reason", "r"), "there is no object incident--x"),
        (("recall", "incident--x", "--to", "all", "--reason", "  "), "a recall needs a reason"),
    ],
)
def test_what_is_not_known_is_named(shell: Shell, made: Path, words: tuple[str, ...], says: str) -> None:
    assert says in shell.refuses(*words, "--home", made)


def test_a_new_node_shows_its_own_staff_what_it_takes_in(shell: Shell, tmp_path: Path, plain_csv: Path) -> None:
    """Without one more step; and nothing of it goes to anybody else."""
    assert shell("init", tmp_path / "n", "--name", "n", "--country", "TH").code == 0
    assert shell("ingest", plain_csv, "--home", tmp_path / "n", "--source", "own").code == 0
    node = Node(tmp_path / "n")
    assert sum(node.store.view_counts(STAFF).values()) > 2
    assert node.store.view_counts("public") == {}
    node.close()


def test_a_policy_that_blinds_our_own_staff_says_so(shell: Shell, tmp_path: Path) -> None:
    policy = tmp_path / "p.toml"
    policy.write_text('prasan_policy = 1\nname = "p"\n[[rule]]\nid = "a"\nto = ["public"]\nthen = "release"\n')
    assert "your own pages stay empty" in shell("policy", "check", policy).err
    first = Path(prasan.__file__).parent / "data" / "first-policy.toml"
    assert "stay empty" not in shell("policy", "check", first).err


def test_a_short_password_and_a_long_one(shell: Shell, made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    assert "shorter than 10" in shell.refuses("user", "add", "ann", "--role", "watch", "--home", made)
    monkeypatch.setattr("sys.stdin", io.StringIO("long enough for this\n"))
    assert shell("user", "add", "ann", "--role", "watch", "--home", made).code == 0
    token = shell("token", "create", "--user", "ann", "--home", made)
    assert (token.code, len(token.out.strip())) == (0, 43)
    assert "1 tokens of ann" in shell("token", "revoke", "--user", "ann", "--home", made).err
    assert shell("user", "remove", "ann", "--home", made).code == 0
    for words in (("user", "remove", "ann"), ("token", "revoke", "--user", "ann")):
        assert "there is no user 'ann'" in shell.refuses(*words, "--home", made)


def test_a_bad_policy_names_its_line(shell: Shell, made: Path, tmp_path: Path) -> None:
    bad = tmp_path / "policy.toml"
    bad.write_text(POLICY + '[[rule]]\nid = "q"\nto = ["public"]\nthen = "sanitise"\n')
    for words in (("policy", "check", bad), ("policy", "adopt", bad, "--home", made)):
        said = shell.refuses(*words)
        assert "rule 'q' (line 7)" in said
    bad.write_text(POLICY.replace('"public"', '"us-mo"'))
    assert "names 'us-mo', which is no recipient here" in shell.refuses("policy", "adopt", bad, "--home", made)
    bad.write_text(POLICY)
    assert shell("policy", "check", bad).lines[0]["rules"] == 1
    assert shell("policy", "adopt", bad, "--home", made).code == 0


def test_a_rule_that_never_decides_is_a_finding(shell: Shell, tmp_path: Path) -> None:
    idle = tmp_path / "policy.toml"
    idle.write_text(POLICY + '[[rule]]\nid = "q"\nto = ["public"]\nthen = "withhold"\n')
    said = shell("policy", "check", idle)
    assert (said.code, said.lines[0]["never"]) == (1, ["q"])


def test_a_port_in_use_is_3(shell: Shell, made: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = shell.refuses("serve", "--home", made, "--port", port, code=3)
    assert f"port {port} on 127.0.0.1 cannot be used" in said


def test_a_node_that_is_down_is_3(shell: Shell, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = taken.getsockname()[1]
    cards = {}
    for name in ("a", "b"):
        assert shell("init", tmp_path / name, "--name", name, "--country", "TH").code == 0
        settings = tmp_path / name / "prasan.toml"
        settings.write_text(settings.read_text().replace("8441", str(free)))
        cards[name] = tmp_path / f"{name}.card"
        cards[name].write_text(shell("partner", "card", "--home", tmp_path / name).out)
    assert shell("partner", "add", cards["b"], "--home", tmp_path / "a").lines[0]["partner"] == "b"
    said = shell("sync", "--home", tmp_path / "a")
    assert said.code == 3
    assert said.lines[0]["failure"] == "unreachable"
    assert said.err.startswith("b: ")


def test_an_unknown_header_is_refused_with_the_names_read(shell: Shell, made: Path, tmp_path: Path) -> None:
    table = tmp_path / "odd.csv"
    table.write_text("ship,when,where\nA,now,here\n")
    for words in (("decode", table, "--to", "jsonl"), ("ingest", table, "--home", made), ("detect", table)):
        said = shell(*words)
        assert said.code == 2
        assert all(name in said.err for name in ("ship", "when", "where"))
    assert "Traceback" not in said.err


@pytest.mark.parametrize("form", ["jsonl", "csv", "arrow", "parquet"])
def test_decode_accounts_for_every_line(shell: Shell, small: Path, tmp_path: Path, form: str) -> None:
    out = tmp_path / "rows"
    said = shell("decode", small, "--to", form, "--out", out)
    account = json.loads(said.err.splitlines()[-1])
    assert said.code == 0
    assert account["lines"] == account["kept"] + sum(account["dropped"].values()) == 400
    assert account["by_file"][str(small)]["kept"] == account["kept"]
    assert out.stat().st_size > 1000


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_decode_of_a_folder_reads_on_past_a_foreign_file(shell: Shell, small: Path, tmp_path: Path, form: str) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    (folder / "a.csv").write_text("colour,size\nred,3\n")
    (folder / "b.csv").write_bytes(small.read_bytes())
    said = shell("decode", folder, "--to", form, "--out", tmp_path / "rows")
    account = json.loads(said.err.splitlines()[-1])
    assert (said.code, account["files"], account["lines"]) == (0, 1, 400)
    assert list(account["refused"]) == [str(folder / "a.csv")]
    assert f"passed over {folder / 'a.csv'}" in said.err
    assert shell("detect", folder).code == 0


def test_ingest_twice_changes_nothing(shell: Shell, made: Path, small: Path, tmp_path: Path) -> None:
    table = tmp_path / "piracy_attacks.csv"
    table.write_bytes(b"".join(gzip.decompress(INCIDENTS.read_bytes()).splitlines(keepends=True)[:30]))
    first = shell("ingest", small, table, "--home", made).lines[-1]
    assert (first["files"], first["rows"] > 0, first["objects"] > 0) == (2, True, True)
    assert first["archive"]["closed"] > 0
    assert not list((made / "archive" / "positions").rglob("*.tmp"))
    before = shell("release", "preview", "--to", "class:staff", "--home", made).out
    again = shell("ingest", small, table, "--home", made)
    assert (again.lines[-1]["rows"], again.lines[-1]["objects"]) == (0, 0)
    assert "was here already" in again.err
    assert shell("release", "preview", "--to", "class:staff", "--home", made).out == before
    assert shell("ledger", "verify", "--home", made).code == 0
    from_home, from_file = shell("detect", "--home", made), shell("detect", small)
    assert [one["kind"] for one in from_home.lines] == [one["kind"] for one in from_file.lines] != []


@pytest.mark.parametrize("cuts", [(1,), (50, 51), (100, 199)])
def test_detect_on_pieces_finds_the_same(shell: Shell, plain_csv: Path, tmp_path: Path, cuts: tuple[int, ...]) -> None:
    header, *rows = plain_csv.read_text().splitlines(keepends=True)
    pieces = []
    for number, (begin, end) in enumerate(zip((0, *cuts), (*cuts, len(rows)), strict=True)):
        pieces.append(tmp_path / f"piece{number}.csv")
        pieces[-1].write_text("".join([header, *rows[begin:end]]))
    whole, cut = shell("detect", plain_csv), shell("detect", *pieces)
    assert [strip(one) for one in whole.lines] == [strip(one) for one in cut.lines] != []
    assert {"duplicate_identity", "gap"} <= {one["kind"] for one in whole.lines}
    assert json.loads(whole.err.splitlines()[-1]) == json.loads(cut.err.splitlines()[-1])


def strip(value: Any) -> Any:
    """An event without what says when it was looked for and which files it stood in."""
    if isinstance(value, list):
        return [strip(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {name: strip(one) for name, one in value.items() if name not in ("known_at", "source", "sources")}


@pytest.mark.parametrize("text", ["nonsense", "gap.no_such=1", "gap.min_h=soon", "=", "gap.min_h"])
def test_a_setting_that_is_none_is_refused(shell: Shell, plain_csv: Path, text: str) -> None:
    shell.refuses("detect", plain_csv, "--set", text)


def test_a_kind_or_preset_that_is_none_is_refused(shell: Shell, plain_csv: Path) -> None:
    shell.refuses("detect", plain_csv, "--preset", "nobody")
    shell.refuses("detect", plain_csv, "--kind", "nothing")


def garbage() -> Iterator[tuple[str, bytes]]:
    chance = random.Random(7)
    yield "empty", b""
    yield "zeros", bytes(3000)
    yield "noise", chance.randbytes(5000)
    yield "cut-gzip", gzip.compress(chance.randbytes(5000))[:900]
    yield "bad-gzip", b"\x1f\x8b" + chance.randbytes(900)
    yield "latin", "navío;más\r\n1;2\r\n".encode("latin-1") * 50
    yield "deep", b"[" * 50_000
    yield "json", b'{"a": 1e999999, "b": [null, true]}\n' * 20
    yield "jws", b'{"payload": "e30", "signatures": [{"protected": "e30", "signature": "AA"}]}'
    yield "card", b'{"payload": "e30", "protected": "e30", "signature": "AA"}'
    yield "toml", b"prasan_policy = 1\nname = 3\n[[rule]]\n[rule.x]\n"
    yield "rule-text", b'prasan_policy = 1\nname = "x"\nrule = "y"\n'
    yield "accord", b"prasan_accord = 1\nparties = [1, 2]\nvalid_from = 2026-13-01\n"
    yield "nmea", b"!AIVDM,1,1,,A,\xff\xfe,0*00\r\n!AIVDM,9,9,9,,,0*7F\r\n$GPGGA\r\n\\s:\\!AIVDM\r\n"
    yield "csv", b'mmsi,t,lat,lon\n"x\n,,,\n1,2\n9e99,9e99,nan,inf\n'
    yield "long-line", b"mmsi,t,lat,lon\n" + b"1" * 300_000


@pytest.mark.parametrize(("name", "raw"), [pytest.param(n, r, id=n) for n, r in garbage()])
def test_garbage_never_ends_in_a_traceback(shell: Shell, made: Path, tmp_path: Path, name: str, raw: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(raw)
    for words in (
        ("decode", path, "--to", "jsonl"),
        ("ingest", path, "--home", made),
        ("detect", path),
        ("policy", "check", path),
        ("policy", "adopt", path, "--home", made),
        ("accord", "check", path),
        ("accord", "propose", path, "--home", made),
        ("accord", "accept", path, "--home", made),
        ("partner", "add", path, "--home", made),
    ):
        said = shell(*words)
        assert said.code in (0, 1, 2), words
        assert said.out or said.err, words
