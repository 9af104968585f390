"""Other people's programs against a served node: three TAXII clients, curl, the STIX library and its validator."""

import json
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pair_kit import READER, SENDER, Stage

from loopback import HOST

pytestmark = pytest.mark.process
PASSWORD = "a long enough password"
CREATED = "2026-01-01T00:00:00.000Z"
LANES = ("alerts", "control", "objects")
MEDIA = "application/taxii+json;version=2.1"


class Place(NamedTuple):
    """A served node, as an outsider knows it."""

    url: str
    certificate: str


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    stage = Stage.build(tmp_path_factory.mktemp("interop") / "pair")
    assert stage.ingest(SENDER).wait() == 0
    home = stage.home(SENDER)
    arguments = ["user", "add", "liaison", "--role", "partner", "--partner", READER, "--home", str(home)]
    subprocess.run([sys.executable, "-m", "prasan.cli", *arguments], input=PASSWORD, text=True, check=True)
    serving = stage.serve()
    yield Place(f"https://{HOST}:{stage.ports[SENDER]}/taxii2/", str(home / "keys" / "web.cert.pem"))
    serving.stop()


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Their warnings are theirs; and `requests` puts these variables above what its caller says."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def campaign(number: int) -> dict[str, Any]:
    name = f"campaign--00000000-0000-4000-8000-{number:012}"
    return {"type": "campaign", "spec_version": "2.1", "id": name, "created": CREATED, "modified": CREATED,
            "name": "c", "x_acme": {"n": [1, 2]}}  # fmt: skip


def curl(place: Place, path: str, *more: str) -> bytes:
    program = shutil.which("curl")
    if program is None:
        pytest.skip("there is no curl on this machine")
    words = [program, "-sS", "--fail-with-body", "--cacert", place.certificate, "-u", f"liaison:{PASSWORD}"]
    asked = [*words, "-H", f"Accept: {MEDIA}", *more, place.url + path]
    return subprocess.run(asked, check=True, capture_output=True, timeout=60).stdout


@pytest.fixture(scope="module")
def served(place: Place) -> list[dict[str, Any]]:
    """Everything the partner can read, by curl."""
    found = list[dict[str, Any]]()
    for lane in LANES:
        more = ""
        while True:
            page = json.loads(curl(place, f"node/collections/{lane}/objects/?limit=200{more}", "--compressed"))
            found += page.get("objects", [])
            if not page.get("more"):
                break
            more = "&next=" + page["next"]
    return found


def test_curl_reads_pages_and_posts(place: Place, served: list[dict[str, Any]], tmp_path: Path) -> None:
    kinds = {one["type"] for one in served}
    assert {"incident", "prasan-maritime-event", "prasan-vessel", "identity"} <= kinds
    assert len({one["id"] for one in served}) == len(served) > 100
    body = tmp_path / "envelope.json"
    body.write_text(json.dumps({"objects": [campaign(1)]}))
    sent = ("-H", f"Content-Type: {MEDIA}", "--data-binary", f"@{body}")
    assert json.loads(curl(place, "node/collections/inbox/objects/", *sent))["success_count"] == 1
    one = f"node/collections/inbox/objects/{campaign(1)['id']}/"
    assert json.loads(curl(place, one))["objects"] == [campaign(1)]
    assert curl(place, one, "-X", "DELETE") == b""


def test_taxii2_client(place: Place, served: list[dict[str, Any]]) -> None:
    from taxii2client.v21 import Server, as_pages

    with Server(place.url, user="liaison", password=PASSWORD, verify=place.certificate) as server:
        (root,) = server.api_roots
        lanes = {one.alias: one for one in root.collections}
        found = [
            one
            for lane in LANES
            for page in as_pages(lanes[lane].get_objects, per_request=150)
            for one in page.get("objects", [])
        ]
        assert found == served
        status = lanes["inbox"].add_objects({"objects": [campaign(2), {"type": "junk"}]})
        assert (status.success_count, status.failure_count) == (1, 1)
        assert lanes["inbox"].get_object(campaign(2)["id"])["objects"] == [campaign(2)]
        root.close()


def test_cytaxii2(place: Place, served: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    from cytaxii2 import cytaxii2

    monkeypatch.setenv("REQUESTS_CA_BUNDLE", place.certificate)
    client = cytaxii2.cytaxii2(place.url, "liaison", PASSWORD)
    assert client.root_discovery()["response"]["versions"] == [MEDIA]
    collections = client.collection_request()["response"]["collections"]
    lanes = {one["alias"]: one["id"] for one in collections}
    assert client.collection_data_request(lanes["objects"])["response"] in collections
    found, token = list[dict[str, Any]](), None
    while True:
        page = client.poll_request(lanes["objects"], limit=100, next=token)
        assert page["status"], page
        found += page["response"].get("objects", [])
        if not page["response"].get("more"):
            break
        token = page["response"]["next"]
    assert len(found) > 100
    assert all(one in served for one in found[:50])
    posted = client.inbox_request(lanes["inbox"], json.dumps({"objects": [campaign(3)]}))
    assert (posted["status_code"], posted["response"]["success_count"]) == (202, 1)


def test_stix2_reads_every_object(served: list[dict[str, Any]]) -> None:
    import stix2

    for one in served:
        parsed = stix2.parse(one, allow_custom=True)
        assert parsed["id"] == one["id"]
        if not one["type"].startswith("prasan-"):  # of types that it has no class for it hands the values back
            assert json.loads(parsed.serialize())["modified"] == one["modified"]


def test_the_validator_finds_no_error_in_native_types(served: list[dict[str, Any]]) -> None:
    from stix2validator import ValidationOptions, validate_instance

    native = [one for one in served if not one["type"].startswith("prasan-")]
    sample = [*(one for one in native if one["type"] != "incident"), *native[:40]]
    options = ValidationOptions(version="2.1", silent=True)
    found = {one["id"]: [str(error) for error in validate_instance(one, options).errors] for one in sample}
    assert {name: errors for name, errors in found.items() if errors} == {}
    assert {one["type"] for one in sample} >= {"incident", "identity"}
