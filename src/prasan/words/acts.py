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
}
