"""What the domain says: kinds, states, findings, verdicts and their reasons. Code -> English template."""

from typing import Final

MESSAGES: Final[dict[str, str]] = {
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
        "hours next to the silence, {neighbours} vessels within {near_km} km while it lasted. Of {n_periods} "
        "comparable vessel-hours here, {k_silent} began a silence of {lasted_h} hours or more after which "
        "the vessel was heard again (upper 95 % bound {upper_95:.1%}, Clopper-Pearson)."
    ),
    "finding.reception_suspicious": (
        "Others were heard near this vessel, though the evidence is not complete. {heard} of {expected} "
        "neighbours were heard in the hours next to the silence, {neighbours} vessels within {near_km} km "
        "while it lasted. Of {n_periods} comparable vessel-hours here, {k_silent} began a silence of "
        "{lasted_h} hours or more after which the vessel was heard again (upper 95 % bound {upper_95:.1%}, "
        "Clopper-Pearson)."
    ),
    "finding.reception_unknown": (
        "Reception here in these hours does not suffice to tell a switched-off transmitter from poor "
        "reception. {heard} of {expected} neighbours were heard in the hours next to the silence, "
        "{neighbours} vessels within {near_km} km while it lasted. Of {n_periods} comparable vessel-hours "
        "here, {k_silent} began a silence of {lasted_h} hours or more after which the vessel was heard again"
        " (upper 95 % bound {upper_95:.1%}, Clopper-Pearson)."
    ),
    "finding.reception_normal": (
        "Silences this long are usual here. {heard} of {expected} neighbours were heard in the hours next to "
        "the silence, {neighbours} vessels within {near_km} km while it lasted. Of {n_periods} comparable "
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
    "summary.other": "An object received from a partner.",
    # thresholds and evidence by name; units are in the name
    "measure.min_h": "At least (hours)",
    "measure.before_count": "Positions before",
    "measure.before_h": "Within hours before",
    "measure.distance_m": "Distance (m)",
    "measure.median_kn": "Median speed below (kn)",
    "measure.slot_kn": "Speed in any step below (kn)",
    "measure.hole_h": "Longest interruption (hours)",
    "measure.silence_h": "Longest silence bridged (hours)",
    "measure.moved_km": "Had moved before (km)",
    "measure.port_km": "Nearest port (km)",
    "measure.fixes_count": "Positions of each vessel",
    "measure.switches_count": "Changes back and forth",
    "measure.quiet_h": "Ends after quiet hours",
    "measure.implied_kn": "Speed needed (kn)",
    "measure.distance_km": "Distance (km)",
    "measure.feed_count": "Transmitters an hour needed to judge the feed",
    "measure.feed_share": "Share of the usual transmitters heard",
    "measure.near_km": "Neighbours within (km)",
    "measure.cover_h": "Reception looked at next to the silence (hours)",
    "measure.learn_h": "Reception learnt from (hours before)",
    "measure.still_kn": "Lies still up to (kn)",
    "measure.berth_km": "In port within (km)",
    "measure.place_count": "Vessels heard that show reception at a place",
    "measure.neighbours_count": "dark: neighbours heard, at least",
    "measure.heard_share": "Share of neighbours heard",
    "measure.lost_share": "dark: share of vessels lost here, at most",
    "measure.silent_share": "dark: share of such silences here, at most",
    "measure.weak_neighbours_count": "suspicious: neighbours heard, at least",
    "measure.weak_silent_share": "suspicious: share of such silences here, at most",
    "measure.usual_count": "normal: vessel-hours needed",
    "measure.usual_share": "normal: share of them silent, at least",
    "measure.heard_count": "Times heard during the silence",
    "measure.heard_by": "Heard by",
    "measure.own_heard": "Ships by the hour that our receivers heard",
    "measure.there_heard": "Ships by the hour that anybody heard",
    "measure.shared_by": "Reception summaries",
    "measure.neighbours": "Neighbours heard during the silence",
    "measure.heard": "Neighbours heard in the hours next to it",
    "measure.expected": "of neighbours that were there",
    "measure.covered": "Places ahead of it, or behind, where others were heard",
    "measure.places": "of places looked at",
    "measure.n_periods": "Comparable vessel-hours here",
    "measure.k_silent": "of which began a silence this long, heard again after",
    "measure.n_lost": "Further vessel-hours after which nothing was heard so far",
    "measure.upper_95": "Upper 95 % bound of that share (Clopper-Pearson)",
    "measure.judged_at": "Judged by the beginning of the silence, its end or the way between",
    "measure.last_interval_s": "Seconds between its last reports (mean)",
    "measure.usual_interval_s": "Seconds between its reports before (median)",
    "measure.rate_km": "Silences counted within (km)",
    "measure.ahead_km": "Others looked for around the places ahead (km)",
    "measure.shore_km": "Perhaps in port up to this far from the shore (km)",
    "measure.last_count": "Last intervals looked at",
    "measure.last_h": "dark: together they took at most (hours)",
    "measure.steady_share": "dark: times the usual interval, at most",
    "measure.back_count": "Came back at once: positions",
    "measure.back_h": "Came back at once: within (hours)",
    "measure.long_h": "A long silence (hours)",
    "measure.straight_share": "dark by its way: share of the time that the straight way takes, at least",
    "measure.rate_count": "Comparable vessel-hours needed",
    "measure.weak_last_h": "suspicious: the last intervals took at most (hours)",
    "measure.weak_steady_share": "suspicious: times the usual interval, at most",
    "measure.way_share": "Share of the way between with reception",
    "measure.lasted_h": "This long (hours)",
    "measure.last_sog_kn": "Last speed (kn)",
    "measure.hours": "Duration (hours)",
    "measure.old_mmsi": "MMSI before",
    "measure.new_mmsi": "MMSI after",
    "measure.old_name": "Name before",
    "measure.new_name": "Name after",
    "measure.old_callsign": "Call sign before",
    "measure.new_callsign": "Call sign after",
    "measure.old_flag": "Flag before",
    "measure.new_flag": "Flag after",
    "measure.old_count": "Reports with the old value",
    "measure.seen_count": "Reports that make a value count",
    "measure.vessels_count": "Vessels",
    "measure.circles_count": "Vessels that sail circles",
    "measure.radius_km": "Radius of the circles (km)",
    "measure.returned_count": "of which came back",
    "measure.minutes": "Within (minutes)",
    "measure.window_h": "Time window (h)",
    "measure.source_km": "Apart before at most (km)",
    "measure.target_km": "Apart after at most (km)",
    "measure.usual_kn": "Usual for the type (kn)",
    "measure.old_draught_m": "Draught before (m)",
    "measure.new_draught_m": "Draught after (m)",
    "measure.over_share": "Times the usual speed",
    "measure.change_m": "Least change (m)",
    "measure.change_share": "Least change (share)",
    "measure.slow_kn": "Slower than (kn)",
    "measure.turn_deg": "Sharp turn (degrees)",
    "measure.step_kn": "Sharp change of speed (kn)",
    "measure.least_kn": "At least (kn)",
    "measure.turns_count": "Sharp steps",
    "measure.closest_m": "Closest (m)",
    "measure.speed_kn": "Speed (kn)",
    "measure.slots_count": "Ten-minute steps",
    "measure.slots_inferred": "of which inferred",
    "measure.emitters_count": "Transmitters",
    "measure.jumps_count": "Jumps",
    "measure.radius_m": "Radius (m)",
    "measure.entry_km": "In port from (km)",
    "measure.exit_km": "Out of port from (km)",
    "measure.stop_kn": "Stopped at or below (kn)",
    "measure.go_kn": "Moving again from (kn)",
    "measure.gap_h": "Silence in port (hours)",
    "measure.least_certainty": "Certainty at least",
    "measure.certainty": "Certainty (1 to 4)",
    "measure.stops_count": "Stops",
    "measure.gaps_count": "Long silences",
    "measure.max_kn": "Speed at most (kn)",
    "measure.min_kn": "Speed at least (kn)",
    "measure.angle_deg": "Course off the heading (°)",
    "measure.shore_nm": "Distance from shore (nm)",
    "measure.others_count": "Other vessels lying still, at least",
    "measure.apart_m": "Not alongside from (m)",
    "measure.others_km": "Other vessels within (km)",
    "measure.leave_h": "Out of the zone after (hours)",
    "measure.bridge_h": "Longest silence in one place bridged (hours)",
    "measure.line_h": "Reported speeds count over steps longer than (hours)",
    "measure.silent_h": "Of this in long silences (hours)",
    "measure.inferred_share": "Most of it that may rest on lines over silences",
    "measure.displaced_h": "Doubted after an impossible leap for (hours)",
    "measure.zone": "Zone",
    "measure.mmsi": "MMSI",
    "measure.mid": "State code (MID)",
    "measure.imo": "IMO number",
    # why a finding is recorded and counted but is no event
    "excluded.takes_turns": "The old value came back: two of them take turns",
    "excluded.not_a_vessel": "The number is a station's, a beacon's or an aircraft's",
    "excluded.port": "In or near a port or anchorage",
    "excluded.pilot_or_tug": "A tug or a pilot vessel is one of the two",
    "excluded.buoy_or_gear": "One of the two is a buoy or fishing gear",
    "excluded.stationary": "Neither had moved before",
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
    # the one note for everybody
    "public.counts": (
        "Real data on this node: {events} events and {incidents} reported incidents. Small counts are given as 0."
    ),
    # verdicts and their reasons (docs/wire.md, section 4)
    "verdict.release": "Released",
    "verdict.sanitise": "Released, sanitised",
    "verdict.withhold": "Withheld",
    "decision.suspended": "The partner is suspended.",
    "decision.recalled": "An officer recalled it from this recipient.",
    "decision.no_accord": "No accord with this partner is in force.",
    "decision.accord_mode": "Exercise data never goes out under an accord for real data.",
    "decision.origin_recipient": "It came from this recipient.",
    "decision.onward": "It came from {origin}, who has not allowed passing it on.",
    "decision.orcon": "Its originators keep control and have not consented: {originators}.",
    "decision.rel_to": "Its marking allows only {named}.",
    "decision.tlp_above": "Its label {tlp} is above {highest}, the highest this recipient may have.",
    "decision.purpose": "Its marking and the accord have no purpose in common.",
    "decision.personal_data": "It holds personal data and no rule releases that expressly.",
    "decision.source_terms": "A source forbids passing on what is derived from it.",
    "decision.expired": "Its marking expired at {when}.",
    "decision.unread_text": "It holds free text that no officer has read.",
    "decision.too_young": "Rule “{rule}” holds it back for {hours} hours, until {when}.",
    "decision.rule_withholds": "Rule “{rule}” withholds it.",
    "decision.no_rule": "No rule releases it; what no rule names is withheld.",
    "decision.rule_releases": "Rule “{rule}” releases it.",
    "decision.rule_sanitises": "Rule “{rule}” releases it in a coarser form.",
    "decision.not_verbatim": "It names objects or markings this recipient may not see, so a view was built.",
    "decision.lost_reference": "It cannot stand without an object this recipient may not see.",
    "decision.unknown_type": "No table says how a view of this type is built.",
    "decision.held_verbatim": "The recipient holds it whole; a coarser form goes out only once that is recalled.",
    "decision.withdrawn": "Its sender recalled it, so it was withdrawn.",
    "decision.rederived": "It was found again from the sources alone that this recipient may know.",
    "decision.told_instead": "In its place it holds what its own sources show: {id}.",
    "decision.stands_there": "Ours is withdrawn; {id} stands by what it may know. Recall it if it should not.",
    "decision.other_sources": "It rests on sources that this recipient may not know, and does not stand without them.",
    "decision.unreadable": "It is of a form that this node cannot read.",
    "decision.too_large": "It is larger than may be sent.",
    "step.place_deg": "Place rounded to a cell of {place_deg} degrees",
    "step.time_min": "Time rounded to {time_min} minutes",
    "step.drop.identity": "Vessel identity removed",
    "step.drop.evidence": "Evidence removed",
    "step.drop.text": "Text removed",
    "step.again_min": "Sent again after {again_min} minutes at the earliest",
    # the same reasons where many objects are counted together
    "tally.onward": "From another partner, who has not allowed passing it on",
    "tally.orcon": "Originator control without consent",
    "tally.rel_to": "Marked for other recipients only",
    "tally.tlp_above": "TLP label above what this recipient may have",
    "tally.expired": "Marking expired",
    "tally.too_young": "A rule's delay has not passed yet",
    "tally.rule_withholds": "A rule withholds it",
    # why a received object is not taken
    "quarantine.no_statement": "No release statement names it",
    "quarantine.wrong_hash": "Its bytes are not those of the statement",
    "quarantine.wrong_recipient": "The statement is for somebody else",
    "quarantine.unknown_accord": "It quotes an accord that is not in force here",
    "quarantine.may_not_speak": "The sender may not speak for this object",
    "quarantine.future_version": "Its version is in the future",
    "quarantine.conflict": "Other bytes of the same version are already here",
    "quarantine.too_large": "It is over the size limit",
    "quarantine.bad_object": "It is not a STIX object",
    # markings
    "tlp.clear": "TLP:CLEAR: no limit on disclosure",
    "tlp.green": "TLP:GREEN: for the community, not for the public",
    "tlp.amber": "TLP:AMBER: for the organisation and its clients, as needed",
    "tlp.amber_strict": "TLP:AMBER+STRICT: for the organisation only",
    "tlp.red": "TLP:RED: for the named recipients only",
    "marking.rel_to": "Releasable to: {names}",
    "marking.orcon": "Originator control: {names}",
    "marking.purposes": "Purposes: {names}",
    "marking.personal_data": "Personal data",
    "marking.expires": "Expires {time}",
    "purpose.maritime_security": "maritime security",
    "purpose.counter_piracy": "counter-piracy",
    "purpose.counter_trafficking": "counter-trafficking",
    "purpose.cyber_security": "cyber security",
    "purpose.counter_terrorism": "counter-terrorism",
    "purpose.border_monitoring": "border monitoring",
    "purpose.border_operation": "border operation",
    "purpose.defence_monitoring": "defence monitoring",
    "purpose.csdp_task": "common security and defence task",
    "purpose.environment_warning": "environment warning",
    "purpose.environment_monitoring": "environment monitoring",
    "purpose.environment_response": "environment response",
    "purpose.customs_monitoring": "customs monitoring",
    "purpose.customs_operation": "customs operation",
    "purpose.law_enforcement_monitoring": "law-enforcement monitoring",
    "purpose.law_enforcement_operation": "law-enforcement operation",
    "purpose.fisheries_warning": "fisheries warning",
    "purpose.fisheries_monitoring": "fisheries monitoring",
    "purpose.fisheries_operation": "fisheries operation",
    "purpose.safety": "safety",
    "purpose.security": "security",
    "purpose.search_and_rescue": "search and rescue",
    "purpose.vessel_traffic_management": "vessel traffic management",
    "purpose.operation": "operation",
    "purpose.non_specified": "not specified",
    # incidents as the Crime at Sea table has them
    "attack.attempted": "Attempted attack",
    "attack.boarded": "Boarded",
    "attack.detained": "Detained",
    "attack.explosion": "Explosion",
    "attack.fired_upon": "Fired upon",
    "attack.hijacked": "Hijacked",
    "attack.suspicious": "Suspicious approach",
    "attack.unknown": "Attack, type not given",
    "status.steaming": "under way",
    "status.underway": "under way",
    "status.anchored": "at anchor",
    "status.berthed": "berthed",
    "status.moored": "moored",
    "status.drifting": "drifting",
    "status.fishing": "fishing",
    "status.grounded": "aground",
    "status.stationary": "stationary",
    "status.towed": "under tow",
    "status.bunkering_operations": "bunkering",
    "status.unknown": "not given",
    # who is who
    "origin.own": "Own data",
    "mode.real": "Real",
    "mode.exercise": "Exercise",
    "sort.partner": "partner node",
    "sort.class": "local clearance class",
    "sort.public": "everybody",
    "recipient.public": "The public",
    "role.watch": "Watch officer",
    "role.analyst": "Analyst",
    "role.release": "Releasing officer",
    "role.protection": "Protection officer",
    "role.admin": "Administrator",
    "role.auditor": "Auditor",
    "role.partner": "Partner",
    "standing.active": "Exchanging",
    "standing.suspended": "Suspended",
    "standing.no_accord": "No accord in force",
    "accord.real": "Accord for real data",
    "accord.exercise": "Exercise accord",
    "recall.answered": "Answered",
    "recall.pending": "Waiting for receipt",
    "recall.overdue": "Overdue",
}
"""A template names its values; `words/locale/` holds the Thai for the same codes and values."""
