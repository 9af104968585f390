"""What people do on the pages, what is said when it is done, and why it could not be. Code -> English template."""

from typing import Final

ACTS: Final[dict[str, str]] = {
    "act.optional": "(optional)",
    "fault": "This could not be done",
    "fault.field_missing": "Something is missing: {field}",
    "fault.field_missing.remedy": "Fill it in and send the form again.",
    "fault.field_wrong": "This does not fit: {field}",
    "fault.field_wrong.remedy": "Correct it and send the form again.",
    "fault.field_long": "This is too long: {field}",
    "fault.field_long.remedy": "At most {most} characters are sent.",
    "fault.field_range": "This is out of range: {field}",
    "fault.field_range.remedy": "Give a number from {least} to {most}.",
    "screen.refused.stale": "The form was open for too long",
    "screen.refused.stale.remedy": "Nothing was done. Open the page again and fill in its form anew.",
    # the clock
    "clock.stopped": "Release is stopped by the clock",
    "clock.off_by": "The clock was off by",
    "clock.behind": "{span} behind",
    "clock.ahead": "{span} ahead",
    "clock.seen": "Stopped at",
    "clock.now": "This machine's clock now",
    "clock.last": "Last entry of the ledger",
    "clock.what": (
        "Compare this machine's clock with another one that you trust, and set it right if it is wrong. Then "
        "confirm it here: release goes on from the confirmed time."
    ),
    "clock.who": (
        "Nothing is sent and nothing is signed for partners until an administrator has looked at the clock "
        "and confirms it on this page."
    ),
    "act.clock.confirm": "Confirm the clock and go on with release",
    "act.field.looked": "I have compared this machine's clock with another one, and it is right.",
    "done.clock.confirm": "The clock is confirmed. Release goes on.",
    "fault.clock_goes": "Release is not stopped, so there is nothing to confirm.",
    "fault.clock_goes.remedy": "Somebody may have confirmed it meanwhile; the ledger says who.",
    "fault.clock_again": "The clock was stopped again since this page was opened.",
    "fault.clock_again.remedy": "Look at the values above once more, then confirm.",
    # consents
    "act.consent.give": "Give consent",
    "act.consent.give.hint": (
        "As it was asked for, or for fewer days or in a coarser form. The answer goes out with the next exchange."
    ),
    "act.consent.refuse": "Refuse",
    "act.consent.revoke": "Take a consent back",
    "act.consent.revoke.hint": (
        "The partner stops passing it on at once. What it has passed on is recalled only if you ask for that."
    ),
    "act.consent.ask": "Ask to pass it on",
    "act.consent.ask.hint": (
        "The ask goes to {who} with the next exchange. It tells {who} that we have this other partner, and its name."
    ),
    "act.consents.for": "{title}, to {to} ({id})",
    "act.field.days": "At most this many days",
    "act.field.place_deg": "Place no finer than (degrees)",
    "act.field.time_min": "Time no finer than (minutes)",
    "act.field.drop": "Leave out",
    "act.field.reason": "Reason",
    "act.field.consent": "Which consent",
    "act.field.recall_onward": "Have recalled what was passed on under it",
    "act.field.onto": "Pass it on to",
    "act.field.purpose": "Purpose",
    "act.field.all_versions": "Later versions too",
    "consent.drop.evidence": "evidence",
    "consent.drop.identity": "vessel identity",
    "consent.drop.text": "text",
    "done.consent.give": "Consent is given. The partner learns of it with the next exchange.",
    "done.consent.refuse": "The ask is refused. The partner learns of it with the next exchange.",
    "done.consent.revoke": "The consent is taken back. The partner learns of it with the next exchange.",
    "done.consent.ask": "The originator is asked with the next exchange. The answer will stand on the partners page.",
    "screen.waiting.asks.asks": "{partner} asks to pass it on to {to}",
    "screen.asked": "Asked at",
    "screen.do": "What you can do with it",
    "fault.names_id": "The text names the id of an object.",
    "fault.names_id.remedy": "Say it without ids: the partner knows objects by others.",
    "fault.consent_unknown": "There is no such consent.",
    "fault.consent_unknown.remedy": "Look at the page again.",
    "fault.consent_moved": "This has been settled already. It stands at: {state}",
    "fault.consent_moved.remedy": "Somebody may have answered it meanwhile. Look at the list below.",
    "fault.consent_over": "The time that was asked for is over.",
    "fault.consent_over.remedy": "Refuse it; the partner may ask again.",
    "fault.consent_gone": "The object is not here any more.",
    "fault.consent_gone.remedy": "Refuse the ask.",
    "fault.consent_above": "It came from {who}, who has not consented to this.",
    "fault.consent_above.remedy": "Ask {who} first, from the page of the object.",
    "fault.consent_back": "It came from {who}.",
    "fault.consent_back.remedy": "Choose another partner.",
    "fault.object_unknown": "There is no such object here any more.",
    "fault.object_unknown.remedy": "It may have been withdrawn meanwhile. Look at its page again.",
    "fault.object_ours": "This is our own.",
    "fault.object_ours.remedy": "Nobody's consent is needed: our policy decides who gets it.",
    "fault.accord_none": "No accord with the partner is in force.",
    "fault.accord_none.remedy": "Without one nothing is asked and nothing is passed on.",
    "fault.accord_never": "The accord with {who} says that nothing is passed on.",
    "fault.accord_never.remedy": "No consent can change that. Agree on another accord first.",
    "fault.partner_unknown": "There is no partner {name}.",
    "fault.partner_unknown.remedy": "Choose one of the partners.",
    "fault.purpose": "Choose a purpose that accord and marking allow: {allowed}",
    "fault.purpose.remedy": "Another purpose needs another accord.",
}
