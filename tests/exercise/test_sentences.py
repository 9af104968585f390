import pyarrow as pa

from prasan.exercise.player import play
from prasan.exercise.sentences import to_nmea
from prasan.feeds.reference import load_scenario
from prasan.formats.ais_batch import Options
from prasan.formats.nmea import DecoderState, decode, finish


def test_sentences_carry_the_rows_to_the_bit() -> None:
    made = play(load_scenario("gulf-andaman"), "exercise")
    options = Options(source="exercise")
    state, batches = decode(DecoderState(), to_nmea(made), options)
    batches.append(finish(state, options))
    assert sum(sum(batch.counts.dropped.values()) for batch in batches) == 0
    positions = pa.Table.from_batches([batch.positions for batch in batches])
    columns = ["t", "mmsi", "lat", "lon", "sog", "cog", "heading", "ais_class"]
    assert positions.select(columns).to_pylist() == made.positions.select(columns).to_pylist()
    statics = pa.Table.from_batches([batch.statics for batch in batches])
    said = {(row["mmsi"], row["name"]) for row in statics.to_pylist() if row["name"]}
    types = {(row["mmsi"], row["ship_type"]) for row in statics.to_pylist() if row["ship_type"]}
    assert said == {(row["mmsi"], row["name"]) for row in made.statics.to_pylist()}
    assert types == {(row["mmsi"], row["ship_type"]) for row in made.statics.to_pylist()}
