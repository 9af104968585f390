"""Every kept seed of every parser, replayed; and that the table and the folders agree."""

import pytest
from fuzz_kit import SEEDS, Target
from fuzz_targets import TARGETS


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_kept_seeds_hold(target: Target) -> None:
    seeds = list(target.seeds())
    assert seeds, "a parser without a seed is not fuzzed"
    for path in seeds:
        try:
            target.check(path.read_bytes())
        except Exception as error:
            raise AssertionError(f"{path.relative_to(SEEDS)}: {error!r}") from error


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_the_start_and_the_end_of_a_seed_hold_too(target: Target) -> None:
    for path in list(target.seeds())[:3]:
        data = path.read_bytes()
        for part in (b"", data[: len(data) // 2], data[len(data) // 3 :]):
            target.check(part)


def test_every_folder_of_seeds_is_of_a_parser() -> None:
    assert {path.name for path in SEEDS.iterdir()} == {target.name for target in TARGETS}
