"""Other rules on what the archive holds, run dry: nothing is stored and nobody is told."""

from collections.abc import Sequence

from prasan.detect.diff import Change, differences
from prasan.detect.run import detect
from prasan.node.finding.clocks import fit, known_off
from prasan.node.node import Node
from prasan.node.rules import after_change, history, rules_in_force, with_settings
from prasan.node.seeing.picture import sources_of


def try_rules(node: Node, clock: str, settings: Sequence[str]) -> list[Change]:
    """What the preset's rules with exactly these settings would change in the events of a clock.

    UsageError if a setting does not hold.
    """
    before = rules_in_force(node.store)
    after = after_change(before, with_settings(settings, len(history(node.store)) + 1))
    names = [source.name for source in sources_of(node, clock)]
    rows, statics = fit(node.archive.read(names), known_off(node, names)), node.archive.read_statics(names)
    first, second = (detect(rows, statics, rules, node.world).findings for rules in (before, after))
    return differences(first, second)
