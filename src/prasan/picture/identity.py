"""Who a transmitter says it is: MMSI forms, flags and IMO numbers.

Sources: ITU-R M.585-9 (2022), Annex 1 and 2, for the forms of a maritime identity; IMO resolution A.1117(30) for the
ship identification number and its check digit.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

FORMS: Final[tuple[tuple[str, int, int, int], ...]] = (
    # form, first and last number of nine digits, divisor that leaves the MID as the last three digits
    ("ship", 200_000_000, 799_999_999, 1_000_000),  # Annex 1, Section 1: MIDxxxxxx
    ("group", 20_000_000, 79_999_999, 100_000),  # Annex 1, Section 2: 0MIDxxxxx
    ("coast", 2_000_000, 7_999_999, 10_000),  # Annex 1, Section 3: 00MIDxxxx
    ("sar_aircraft", 111_200_000, 111_799_999, 1_000),  # Annex 1, Section 4: 111MIDxxx
    ("aton", 992_000_000, 997_999_999, 10_000),  # Annex 1, Section 5: 99MIDxxxx
    ("craft", 982_000_000, 987_999_999, 10_000),  # Annex 1, Section 6: 98MIDxxxx
    ("handheld", 820_000_000, 879_999_999, 100_000),  # Annex 2, Section 1: 8MIDxxxxx
    ("locator", 970_000_000, 970_999_999, 0),  # Annex 2, Section 2: AIS-SART
    ("locator", 972_000_000, 972_999_999, 0),  # Annex 2, Section 2: man overboard device
    ("locator", 974_000_000, 974_999_999, 0),  # Annex 2, Section 2: EPIRB-AIS
    ("locator", 979_000_000, 979_999_999, 0),  # Annex 2: autonomous maritime radio device, group B
)
"""The forms of M.585-9. `locator` numbers hold a manufacturer, not a MID."""

INVALID: Final = "invalid"
FORM_NAMES: Final = (*(form[0] for form in FORMS), INVALID)

NOT_VESSELS: Final = frozenset({"group", "coast", "sar_aircraft", "aton", "locator"})
"""Forms whose silence or nearness says nothing about a vessel."""

GEAR: Final = frozenset({"aton", "craft", "locator"})
"""Buoys, beacons and gear: 97x, 98x and 99x numbers."""


def mmsi_forms(mmsi: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    """MMSI, n -> index in `FORM_NAMES`, n."""
    number = np.asarray(mmsi, np.int64)
    result = np.full(number.shape, len(FORMS), np.uint8)
    for index, (_, first, last, _divisor) in enumerate(FORMS):
        result[(number >= first) & (number <= last)] = index
    return result


def mmsi_form(mmsi: int) -> str:
    """The form of one MMSI: a name of `FORM_NAMES`."""
    return next((name for name, first, last, _ in FORMS if first <= mmsi <= last), INVALID)


def mmsi_mids(mmsi: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """MMSI, n -> Maritime Identification Digits, n; 0 where the form has none."""
    number = np.asarray(mmsi, np.int64)
    result = np.zeros(number.shape, np.int64)
    for _, first, last, divisor in FORMS:
        if divisor:
            inside = (number >= first) & (number <= last)
            result[inside] = number[inside] // divisor % 1000
    return result


def of_forms(mmsi: npt.ArrayLike, names: frozenset[str]) -> npt.NDArray[np.bool_]:
    """True where the MMSI has one of the forms."""
    wanted = [index for index, name in enumerate(FORM_NAMES) if name in names]
    return np.isin(mmsi_forms(mmsi), wanted)


def imo_valid(imo: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """True where a seven-digit IMO number has the right check digit.

    The first six digits times 7, 6, 5, 4, 3, 2: the last digit of the sum is the seventh digit.
    """
    number = np.asarray(imo, np.int64)
    total = np.zeros(number.shape, np.int64)
    for weight, place in zip((7, 6, 5, 4, 3, 2), (6, 5, 4, 3, 2, 1), strict=True):
        total += weight * (number // 10**place % 10)
    return np.asarray((number >= 1_000_000) & (number <= 9_999_999) & (total % 10 == number % 10))
