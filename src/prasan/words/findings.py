"""What was found: kinds, states, sentences of findings, and why one is none. Code -> English template."""

from typing import Final

FINDINGS: Final[dict[str, str]] = {
    # kinds of things seen
    "kind.vessel": "Vessel",
    "kind.incident": "Reported incident",
    "kind.gap": "AIS gap",
    "kind.encounter": "Encounter at sea",
    "kind.duplicate_identity": "Duplicate identity",
    "kind.speed_jump": "Position jump",
    "kind.invalid_identity": "Invalid identity",
    "kind.loitering": "Loitering",
    "kind.port_visit": "Port visit",
    "kind.stop": "Stop",
    "kind.drifting": "Drifting",
    "kind.speed_anomaly": "Unusual speed",
    "kind.draught_change": "Draught change",
    "kind.cable_risk": "Slow over a submarine cable",
    "kind.victim_manoeuvre": "Evasive manoeuvre",
    "kind.identity_change": "Identity change",
    "kind.spoofing": "False positions",
    "kind.zone_entry": "Zone entry",
    "kind.watchlist_hit": "Watch-list hit",
    "kind.other": "Other object",
    "layer.event": "Events",
    "layer.incident": "Reported incidents",
    "layer.vessel": "Vessels",
    # states, classes, confidence
    "state.current": "Current",
    "state.open": "Ongoing",
    "state.revised": "Revised",
    "state.closed": "Ended",
    "state.withdrawn": "Withdrawn",
    "state.recalled": "Recalled",
    "class.normal": "Normal",
    "class.unknown": "Cause unknown",
    "class.suspicious": "Suspicious",
    "class.dark": "Dark: others were heard",
    "confidence.low": "low",
    "confidence.medium": "medium",
    "confidence.high": "high",
    # findings: what the kernel says, with its evidence
    "finding.gap_open": (
        "No AIS position has been received since the last one. Before that, {before_count} positions "
        "came in {before_h} hours; the last speed was {last_sog_kn} knots."
    ),
    "finding.gap_open.no_last_sog_kn": (
        "No AIS position has been received since the last one. Before that, {before_count} positions "
        "came in {before_h} hours."
    ),
    "finding.gap_closed": (
        "No AIS position was received for {hours} hours. The vessel was next heard {distance_km} km "
        "away, which needs {implied_kn} knots. Before the silence, {before_count} positions came in "
        "{before_h} hours, the last at {last_sog_kn} knots."
    ),
    "finding.gap_closed.no_last_sog_kn": (
        "No AIS position was received for {hours} hours. The vessel was next heard {distance_km} km "
        "away, which needs {implied_kn} knots. Before the silence, {before_count} positions came in "
        "{before_h} hours."
    ),
    "finding.heard_meanwhile": (
        "The silence was none: the vessel was heard {heard_count} times during it, by {heard_by}."
    ),
    "finding.reception_dark": (
        "Others were heard where this vessel was not. {heard} of {expected} neighbours were heard in the "
        "hours next to the silence, {neighbours} vessels within {reach_km} km while it lasted. Of {n_periods} "
        "comparable vessel-hours here, {k_silent} began a silence of {lasted_h} hours or more after which "
        "the vessel was heard again (upper 95 % bound {upper_95:.1%}, Clopper-Pearson)."
    ),
    "finding.reception_suspicious": (
        "Others were heard near this vessel, though the evidence is not complete. {heard} of {expected} "
        "neighbours were heard in the hours next to the silence, {neighbours} vessels within {reach_km} km "
        "while it lasted. Of {n_periods} comparable vessel-hours here, {k_silent} began a silence of "
        "{lasted_h} hours or more after which the vessel was heard again (upper 95 % bound {upper_95:.1%}, "
        "Clopper-Pearson)."
    ),
    "finding.reception_unknown": (
        "Reception here in these hours does not suffice to tell a switched-off transmitter from poor "
        "reception. {heard} of {expected} neighbours were heard in the hours next to the silence, "
        "{neighbours} vessels within {reach_km} km while it lasted. Of {n_periods} comparable vessel-hours "
        "here, {k_silent} began a silence of {lasted_h} hours or more after which the vessel was heard again"
        " (upper 95 % bound {upper_95:.1%}, Clopper-Pearson)."
    ),
    "finding.reception_normal": (
        "Silences this long are usual here. {heard} of {expected} neighbours were heard in the hours next to "
        "the silence, {neighbours} vessels within {reach_km} km while it lasted. Of {n_periods} comparable "
        "vessel-hours here, {k_silent} began a silence of {lasted_h} hours or more after which the vessel "
        "was heard again (upper 95 % bound {upper_95:.1%}, Clopper-Pearson)."
    ),
    "finding.new_number": (
        "Minutes after the last position a number that had not been heard before came up nearby: the "
        "transmitter may have been given another MMSI."
    ),
    "finding.lay_still": (
        "The vessel lay still or was in port before the silence, where transmitters are often switched off or shadowed."
    ),
    "finding.perhaps_in_port": (
        "The silence began within {shore_km} km of the shore and the vessel has not come back elsewhere: it may lie in "
        "a port that is not listed."
    ),
    "finding.reception_shared": (
        "Our own reception had a hole here: of {there_heard} ships heard by the hour within {near_km} km, ours heard "
        "{own_heard}. Told by reception summaries {shared_by}."
    ),
    "finding.other_emitter": (
        "Another transmitter with this MMSI was heard during the silence, so the silence says nothing of the vessel."
    ),
    "finding.encounter": (
        "Two vessels stayed about {distance_m} m apart for {hours} hours at {speed_kn} knots, at the "
        "closest {closest_m} m. Nearest port: {port_km} km. {slots_inferred} of {slots_count} ten-minute "
        "steps are inferred between positions."
    ),
    "finding.encounter.no_port_km": (
        "Two vessels stayed about {distance_m} m apart for {hours} hours at {speed_kn} knots, at the "
        "closest {closest_m} m. No port within 20 km. {slots_inferred} of {slots_count} ten-minute steps "
        "are inferred between positions."
    ),
    "finding.encounter_open": (
        "Two vessels have stayed about {distance_m} m apart at {speed_kn} knots and still do, at the "
        "closest {closest_m} m. Nearest port: {port_km} km. {slots_inferred} of {slots_count} ten-minute "
        "steps are inferred between positions."
    ),
    "finding.encounter_open.no_port_km": (
        "Two vessels have stayed about {distance_m} m apart at {speed_kn} knots and still do, at the "
        "closest {closest_m} m. No port within 20 km. {slots_inferred} of {slots_count} ten-minute steps "
        "are inferred between positions."
    ),
    "finding.encounter_hulls": (
        "Both said how large they are, {first_length_m} m and {second_length_m} m long: hulls of that size lie side by "
        "side only where their antennas are less than {beside_m} m apart."
    ),
    "finding.duplicate_identity": (
        "{emitters_count} transmitters use one MMSI at the same time: positions changed between them "
        "{switches_count} times in {hours} hours, up to {distance_km} km apart, which would need "
        "{implied_kn} knots."
    ),
    "finding.speed_jump": (
        "The position jumped {jumps_count} times, at most {distance_km} km, which would need {implied_kn} knots."
    ),
    "finding.mmsi_form": "{mmsi} is not a number that a ship station can have been given (ITU-R M.585).",
    "finding.mid_unknown": "MMSI {mmsi} begins with {mid}, which is not the code of any state.",
    "finding.imo_check_digit": (
        "The vessel with MMSI {mmsi} reports the IMO number {imo}, whose check digit is wrong."
    ),
    "finding.imo_shared": (
        "MMSI {old_mmsi} and MMSI {new_mmsi} give the same IMO number {imo} in turns. An IMO number belongs "
        "to one hull."
    ),
    "finding.name_changed": (
        "The vessel gave the name {old_name} in {old_count} reports and now gives {new_name}; {hours} hours "
        "lie between the two."
    ),
    "finding.callsign_changed": (
        "The vessel gave the call sign {old_callsign} in {old_count} reports and now gives {new_callsign}; "
        "{hours} hours lie between the two."
    ),
    "finding.mmsi_changed": (
        "The vessel with IMO number {imo} used MMSI {old_mmsi} in {old_count} reports and now uses MMSI "
        "{new_mmsi}; {hours} hours lie between the two."
    ),
    "finding.flag_changed": "With the number its flag changed from {old_flag} to {new_flag}.",
    "finding.spoofing": (
        "{vessels_count} vessels were displaced together within {minutes} minutes, by {distance_km} km, "
        "which would need at least {implied_kn} knots. {returned_count} of them came back; it lasted {hours} "
        "hours."
    ),
    "finding.spoofing_open": (
        "{vessels_count} vessels were displaced together within {minutes} minutes, by {distance_km} km, "
        "which would need at least {implied_kn} knots. {returned_count} of them have come back so far."
    ),
    "finding.spoofing_circles": "{circles_count} of them seem to sail circles of {radius_km} km radius.",
    "finding.stop": "The vessel stayed within {radius_m} m of one place for {hours} hours ({fixes_count} positions).",
    "finding.stop_open": (
        "The vessel has stayed within {radius_m} m of one place for more than {min_h} hours and still does."
    ),
    "finding.port_visit": (
        "The vessel was in port for {hours} hours, with {stops_count} stops and {gaps_count} long silences. "
        "Nearest port or anchorage point where it came in: {port_km} km. Certainty {certainty} of 4."
    ),
    "finding.port_visit_open": (
        "The vessel is in port. Nearest port or anchorage point where it came in: {port_km} km. Certainty so "
        "far {certainty} of 4."
    ),
    "finding.loitering": "The vessel went nowhere for {hours} hours: {distance_km} km at {speed_kn} knots on average.",
    "finding.loitering_open": "The vessel has made less than {max_kn} knots in every hour for {min_h} hours or more.",
    "finding.off_shore": "The shore was {shore_nm} nautical miles away.",
    "finding.far_from_shore": "No shore lay within 100 nautical miles.",
    "finding.drifting": (
        "For {hours} hours the course lay {angle_deg}° off the heading on average, at {speed_kn} knots: the "
        "vessel was carried {distance_km} km."
    ),
    "finding.drifting_open": (
        "For {min_h} hours or more the course has lain well off the heading at low speed, as of a vessel that drifts."
    ),
    "finding.zone_entered": "The vessel came into the zone “{zone}” at {speed_kn} knots.",
    "finding.zone_entered.no_speed_kn": "The vessel came into the zone “{zone}”.",
    "finding.zone_first_seen": "The vessel was inside the zone “{zone}” when it was first heard, at {speed_kn} knots.",
    "finding.zone_first_seen.no_speed_kn": "The vessel was inside the zone “{zone}” when it was first heard.",
    "finding.zone_left": "It was inside for {hours} hours ({fixes_count} positions) and has left.",
    "finding.speed_anomaly_open": (
        "The vessel reports speeds far above the {usual_kn} knots that are usual for its type."
    ),
    "finding.speed_anomaly": (
        "For {hours} hours the vessel reported {speed_kn} knots on average, where {usual_kn} knots are usual "
        "for its type."
    ),
    "finding.draught_change": (
        "The vessel's reported draught went from {old_draught_m} m to {new_draught_m} m within {hours} "
        "hours, away from a port. It is typed in by hand."
    ),
    "finding.cable_risk_open": "The vessel lies over a submarine cable or moves there below {slow_kn} knots.",
    "finding.cable_risk": "The vessel was over a submarine cable for {hours} hours at {speed_kn} knots.",
    "finding.victim_manoeuvre_open": (
        "A merchant ship changed course or speed sharply at least {turns_count} times in a row."
    ),
    "finding.victim_manoeuvre": (
        "A merchant ship changed course or speed sharply {turns_count} times within {hours} hours."
    ),
    "finding.sanitised": "The sender shared this in a coarser form; the details were removed.",
    "summary.incident": "{attack}. Vessel status: {status}.",
    "summary.incident_bare": "{attack}.",
    "summary.vessel": "Last heard {time:iso}.",
    "summary.other": "An object of type {type}.",
    # why a finding is recorded and counted but is no event
    "excluded.takes_turns": "The old value came back: two of them take turns",
    "excluded.not_a_vessel": "The number is a station's, a beacon's or an aircraft's",
    "excluded.port": "In or near a port or anchorage",
    "excluded.pilot_or_tug": "A tug or a pilot vessel is one of the two",
    "excluded.buoy_or_gear": "One of the two is a buoy or fishing gear",
    "excluded.stationary": "Neither had moved before",
    "excluded.apart": "Both lay still and never came side by side",
    "excluded.anchorage": "At anchor among other vessels",
    "excluded.moored": "Lay still close to the shore",
    "excluded.same_emitter_family": "Both positions come from one MMSI",
    "excluded.duplicate_identity": "Explained by two vessels using one MMSI",
    "not_assessable.no_place": "No position of the vessel had been received",
    "excluded.gear": "A buoy, beacon or fishing gear, not a vessel",
    "excluded.assumed": "Hardly heard while they are said to have met",
    "excluded.displaced": "Where a leap led that no hull can make",
    "excluded.own_vessel": "A vessel of our own government",
    "excluded.near_shore": "Near the shore",
    "excluded.no_stop": "Passed by without a stop",
    "not_assessable.no_cable_layer": "The world holds no zone whose name begins with 'cable'",
    "not_assessable.few_positions_before": "Too few positions before the silence to judge it",
    "not_assessable.feed_silent": "The feed itself was silent",
    "not_assessable.no_heading": "Slow vessels that gave no heading",
    "not_assessable.long_silence": "Silences too long to know what the vessel did",
    "not_assessable.crowd": "More vessels at once than are followed: those heard least were let go",
    # why an event's state is what it is
    "life.opened": "First seen",
    "life.revised": "New data changed it",
    "life.closed": "It ended",
    "life.reopened": "It goes on after all",
    "life.late_data": "Withdrawn: data that came late shows it did not happen",
    "life.not_found": "Withdrawn: with all data the rule no longer finds it",
    "life.heard_meanwhile": "Withdrawn: the vessel was heard during the silence",
    "life.excluded": "Withdrawn: it is explained by an ordinary cause",
    "life.downgraded": "Withdrawn: the evidence no longer carries it",
    "life.superseded": "Folded into an older event",
    "life.rule_changed": "The rule changed",
    "life.received": "Received from {partner}",
    "life.version": "New version from {partner}",
    "life.recalled": "Recalled by {partner}",
    "life.revoked": "Revoked by its creator",
    "life.reported": "Reported",
}
