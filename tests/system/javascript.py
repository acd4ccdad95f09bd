# SPDX-License-Identifier: MIT
"""JavaScript's values and the text that it makes of them: nodeGame's writers put whatever they have into a cell.

None is null, UNDEFINED undefined, numbers are doubles, a dict is an object, a list an array."""
import decimal
import math


class Undefined:
    def __bool__(self):
        return False

    def __repr__(self):
        return "undefined"


UNDEFINED = Undefined()
NAN = math.nan


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_truthy(value):
    """Objects and arrays always are, NaN and 0 never."""
    if is_number(value):
        return value == value and value != 0
    return isinstance(value, (dict, list)) or bool(value)


def number_text(value):
    """Number::toString of ECMA-262: the shortest digits that are read back as the same double."""
    value = float(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "0"
    sign, digits, exponent = decimal.Decimal(repr(abs(value))).normalize().as_tuple()
    digits = "".join(map(str, digits))
    point = len(digits) + exponent
    minus = "-" if value < 0 else ""
    if len(digits) <= point <= 21:
        return minus + digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return f"{minus}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{minus}0.{'0' * -point}{digits}"
    mantissa = digits[0] + ("." + digits[1:] if len(digits) > 1 else "")
    return f"{minus}{mantissa}e{'+' if point > 0 else '-'}{abs(point - 1)}"


def text(value):
    """String(value)."""
    if isinstance(value, Undefined):
        return "undefined"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if is_number(value):
        return number_text(value)
    if isinstance(value, dict):
        return "[object Object]"
    if isinstance(value, list):
        return ",".join("" if item is None or isinstance(item, Undefined) else text(item) for item in value)
    return value


def to_number(value):
    """Number(value), of what a game may keep as a player's win."""
    if isinstance(value, (bool, int, float)):
        return float(value)
    if value is None:
        return 0.0
    if not isinstance(value, str):
        return NAN
    stripped = value.strip()
    if stripped in ("", "Infinity", "+Infinity", "-Infinity"):
        return float(stripped or 0)
    # Python also knows "inf", "nan" and "1_000".
    if not set(stripped) <= set("0123456789+-.eE"):
        return NAN
    try:
        return float(stripped)
    except ValueError:
        return NAN


def to_fixed(value, digits):
    """value.toFixed(digits): of the double's exact value, halves away from zero."""
    value = float(value)
    if math.isnan(value) or abs(value) >= 1e21:
        return number_text(value)
    rounded = abs(decimal.Decimal(value)).quantize(decimal.Decimal(1).scaleb(-digits), decimal.ROUND_HALF_UP,
                                                   decimal.Context(prec=60))
    return ("-" if value < 0 else "") + str(rounded)
