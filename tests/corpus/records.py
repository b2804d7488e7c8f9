"""The corpus: raw records, valid but odd or broken, with the verdict of the contract (section 1 and 2).

A payload holds placeholders such as `{now}`, which `Record.payload` replaces, so that a record
that is not about time is never late. The verdict follows `core.events.RejectReason`: the
first reason, in its order, that applies to any field.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from core.clock import to_iso8601
from core.events import FIELDS, MAX_RECORD_BYTES, EventType, RejectReason

R = RejectReason


def _zoned(hours: float) -> Callable[[datetime], str]:
    return lambda now: now.astimezone(timezone(timedelta(hours=hours))).isoformat(timespec="milliseconds")


def _shifted(**offset: float) -> Callable[[datetime], str]:
    return lambda now: to_iso8601(now + timedelta(**offset))


PLACEHOLDERS: dict[str, Callable[[datetime], str]] = {
    "now": to_iso8601,
    "now_seconds": lambda now: now.strftime("%Y-%m-%dT%H:%M:%SZ"),
    "now_tenths": lambda now: now.strftime("%Y-%m-%dT%H:%M:%S.5Z"),
    "now_nanoseconds": lambda now: now.strftime("%Y-%m-%dT%H:%M:%S.%f789Z"),
    "now_ten_digits": lambda now: now.strftime("%Y-%m-%dT%H:%M:%S.%f7890Z"),
    "now_east": _zoned(7),
    "now_far_east": _zoned(14),
    "now_west": _zoned(-3.5),
    "now_minus_zero": lambda now: now.strftime("%Y-%m-%dT%H:%M:%S-00:00"),
    "now_no_zone": lambda now: now.strftime("%Y-%m-%dT%H:%M:%S"),
    "now_blank": lambda now: now.strftime("%Y-%m-%d %H:%M:%SZ"),
    "now_lower_case": lambda now: now.strftime("%Y-%m-%dt%H:%M:%Sz"),
    "now_comma": lambda now: now.strftime("%Y-%m-%dT%H:%M:%S,5Z"),
    "now_bare_dot": lambda now: now.strftime("%Y-%m-%dT%H:%M:%S.Z"),
    "now_basic_offset": lambda now: now.strftime("%Y-%m-%dT%H:%M:%S+0000"),
    "now_short_offset": lambda now: now.strftime("%Y-%m-%dT%H:%M:%S+00"),
    "now_named_zone": lambda now: now.strftime("%Y-%m-%dT%H:%M:%SUTC"),
    "now_region": lambda now: now.strftime("%Y-%m-%dT%H:%M:%SZ[UTC]"),
    "now_far_offset": lambda now: now.strftime("%Y-%m-%dT%H:%M:%S+15:00"),
    "now_no_seconds": lambda now: now.strftime("%Y-%m-%dT%H:%MZ"),
    "now_leap_second": lambda now: now.strftime("%Y-%m-%dT%H:%M:60Z"),
    "now_hour_24": lambda now: now.strftime("%Y-%m-%dT24:00:00Z"),
    "today": lambda now: now.strftime("%Y-%m-%d"),
    "february_30": lambda now: now.strftime("%Y-02-30T%H:%M:%SZ"),
    "april_31": lambda now: now.strftime("%Y-04-31T%H:%M:%SZ"),
    "month_13": lambda now: now.strftime("%Y-13-01T%H:%M:%SZ"),
    "epoch_seconds": lambda now: str(int(now.timestamp())),
    "nearly_late": _shifted(minutes=-4, seconds=-30),
    "nearly_future": _shifted(seconds=30),
    "late": _shifted(minutes=-6),
    "two_days_ago": _shifted(days=-2),
    "future": _shifted(minutes=3),
}


@dataclass(frozen=True, slots=True)
class Record:
    """A record: its name, its value with placeholders (None: a tombstone), its verdict (None: accepted)."""

    name: str
    template: bytes | None
    reason: RejectReason | None

    def payload(self, now: datetime) -> bytes | None:
        """The value to send when the clock shows `now`."""
        if self.template is None:
            return None
        return re.sub(
            rb"\{([a-z_0-9]+)\}", lambda match: PLACEHOLDERS[match[1].decode()](now).encode(), self.template
        )


VALID: dict[str, str] = {
    "id": '"7d5f3c1e-0d2b-4a57-9c3e-0f5b8a6f2c11"',
    "eventTime": '"{now}"',
    "eventType": '"payment_success"',
    "orderId": '"ORD123456"',
    "userId": '"USR1234"',
    "amount": "129.95",
    "currency": '"USD"',
    "status": '"success"',
}
"""The JSON text of each field of a plain valid event."""


def _event(extra: str = "", **literals: str | None) -> bytes:
    """An event with the JSON text of some fields replaced (None: left out) and `extra` at its end."""
    members = [f'"{name}":{text}' for name, text in (VALID | literals).items() if text is not None]
    return ("{" + ",".join(members) + extra + "}").encode()


def _sized(size: int) -> bytes:
    """An event of so many bytes, once its time is filled in."""
    grows = len(to_iso8601(datetime.now(UTC))) - len("{now}")
    without = len(_event(extra=',"note":""')) + grows
    return _event(extra=f',"note":"{"x" * (size - without)}"')


def _too_large() -> Iterator[tuple[str, bytes | None]]:
    yield "one_byte_more", _sized(MAX_RECORD_BYTES + 1)
    yield "blanks_at_the_end", _event() + b" " * MAX_RECORD_BYTES
    yield "before_missing_field", _event(id=None, extra=f',"note":"{"x" * MAX_RECORD_BYTES}"')


def _accepted() -> Iterator[tuple[str, bytes | None]]:
    yield "plain", _event()
    yield "unknown_field", _event(extra=',"channel":"web"')
    yield "unknown_field_null", _event(extra=',"channel":null')
    yield "unknown_object", _event(extra=',"shop":{"id":null,"eventTime":[1,{"amount":-1}]}')
    yield "unknown_field_with_nul", _event(extra=r',"note":"a\u0000b"')
    yield "unknown_name_with_nul", _event(extra=r',"no\u0000te":1')
    yield "unknown_empty_name", _event(extra=',"":1')
    yield "unknown_huge_number", _event(extra=',"n":1e400')
    yield "unknown_text_of_100_kb", _event(extra=f',"note":"{"x" * 100_000}"')
    yield "of_the_largest_size", _sized(MAX_RECORD_BYTES)
    yield "unknown_nested_100_deep", _event(extra=f',"deep":{"[" * 100}{"]" * 100}')
    yield "names_in_other_case_are_unknown", _event(extra=',"ID":1,"Amount":"x"')
    yield "schema_version", _event(extra=',"schemaVersion":1')
    yield "schema_version_2", _event(extra=',"schemaVersion":2')
    yield from _with_optional_fields()
    yield "other_order_of_fields", b"{" + b",".join(reversed(_event()[1:-1].split(b","))) + b"}"
    yield "whitespace_around", b" \t\r\n" + _event() + b"\n\r\t "
    yield "whitespace_inside", _event().replace(b'":', b'" :\n\t').replace(b',"', b'\r\n ,\t"')
    yield "escaped_name", _event().replace(b'"currency"', rb'"\u0063urrency"')
    yield "escaped_value", _event(currency=r'"\u0055SD"')
    yield "escaped_slash", _event(orderId=r'"A\/B"')
    yield "every_short_escape", _event(userId=r'"\"\\\/\b\f\n\r\t"')
    yield "escaped_pair_of_surrogates", _event(userId=r'"\ud83d\ude00"')
    yield "raw_astral_character", _event(userId='"\N{GRINNING FACE}"')
    yield "raw_delete_and_line_separator", _event(userId='"\x7f\u2028\u2029"')
    yield "noncharacter", _event(userId='"\uffff\ufdd0"')
    yield "vietnamese", _event(userId='"Nguyễn Thị Minh Khai"')
    yield "quotes_and_semicolon", _event(userId='"\'; DROP TABLE events_clean; --"')
    yield "escaped_backslash_before_u", _event(userId=r'"\\u0000"')
    yield "braces_in_text", _event(userId='"}]{[,"')
    yield "placeholder_of_copy", _event(userId=r'"\\N"', orderId=r'"a\tb"')

    for kind in EventType:
        yield f"type_{kind}", _event(eventType=f'"{kind}"')
    for name in ("VND", "USD"):
        yield f"currency_{name}", _event(currency=f'"{name}"')
    for name in ("success", "failed", "pending"):
        yield f"status_{name}", _event(status=f'"{name}"')

    yield "id_padded", _event(id='"  7d5f3c1e-padded  "')
    yield "id_padded_by_escapes", _event(id=r'"\t\n\r\f\u000b 7d5f3c1e-escaped \t"')
    yield "id_50_after_trimming", _event(id=f'"  {"i" * 50}  "')
    yield "id_not_a_uuid", _event(id='"event-7"')
    yield "id_one_character", _event(id='"7"')
    yield "id_with_inner_blanks", _event(id='"a b"')
    yield "id_no_break_space_stays", _event(id='"\u00a0"')
    yield "order_50_characters", _event(orderId=f'"{"o" * 50}"')
    yield "order_50_astral_characters", _event(orderId=f'"{chr(0x1F600) * 50}"')
    yield "order_50_escaped_astral_characters", _event(orderId='"' + r"\ud83d\ude00" * 50 + '"')
    yield "user_50_characters_of_3_bytes", _event(userId=f'"{"ệ" * 50}"')
    yield "user_one_blank", _event(userId='" "')

    yield "time_seconds", _event(eventTime='"{now_seconds}"')
    yield "time_tenths", _event(eventTime='"{now_tenths}"')
    yield "time_nanoseconds", _event(eventTime='"{now_nanoseconds}"')
    yield "time_east", _event(eventTime='"{now_east}"')
    yield "time_far_east", _event(eventTime='"{now_far_east}"')
    yield "time_west", _event(eventTime='"{now_west}"')
    yield "time_minus_zero", _event(eventTime='"{now_minus_zero}"')
    yield "time_nearly_late", _event(eventTime='"{nearly_late}"')
    yield "time_nearly_future", _event(eventTime='"{nearly_future}"')

    amounts = {
        "zero": "0",
        "zero_with_decimals": "0.00",
        "minus_zero": "-0",
        "minus_zero_point_zero": "-0.0",
        "minus_zero_exponent": "-0e0",
        "cent": "0.01",
        "integer": "250000",
        "one_decimal": "1.5",
        "trailing_zero": "1.230",
        "many_trailing_zeros": "1.2300000000",
        "exponent": "1e2",
        "exponent_capital": "1E+2",
        "exponent_negative": "125e-2",
        "exponent_moves_the_point": "1.239e1",
        "exponent_zero": "12.34e0",
        "not_exact_in_binary": "0.07",
        "beyond_float_32": "16777217.01",
        "as_java_writes_ten_million": "1.25E7",
        "many_digits_and_exponent": "100000000000000000000e-20",
        "small_digits_and_exponent": "0.0000000000219569000e+16",
        "forty_zeros_behind_the_point": "1." + "0" * 40,
        "exponent_padded_with_zeros": "1e-00000000000002",
        "exponent_of_a_million_of_zero": "0.000e1000000",
        "zero_below_double": "0e-400",
        "minus_zero_below_double": "-0.0e-99999999999",
        "largest": "9999999999999.99",
        "largest_exponent": "9.99999999999999e12",
        "largest_integer": "9999999999999",
        "largest_of_900_digits": "9999999999999990" + "0" * 890 + "e-893",
    }
    for name, literal in amounts.items():
        yield f"amount_{name}", _event(amount=literal)
    as_java = {"amount": "1.25E7", "currency": '"VND"'}
    yield (
        "amount_beside_an_id_like_an_exponent",
        _event(id='"7d5f3c1e-0d2b-4a57-9c39-9e524b8a6f2c"', **as_java),
    )
    yield (
        "amount_beside_a_long_number",
        _event(extra=',"ref":12345678901234567890.5,"small":1e-500', **as_java),
    )
    yield (
        "amount_beside_others_of_that_name",
        _event(extra=r',"shop":{"amount":1e-7},"note":"\\\"amount\":-1e5,"', **as_java),
    )
    yield "amount_by_escape", _event(extra=r',"\u0061mount":125e-1')
    yield (
        "amount_beside_quotes_and_backslashes",
        _event(userId=r'"\\\"\\"', extra=r',"\\":"\\\\1e5\""', **as_java),
    )

    yield "duplicate_last_valid", _event(extra=',"amount":5.25').replace(b'"amount":129.95', b'"amount":-1')
    yield "duplicate_last_of_right_type", b'{"id":7,' + _event()[1:]
    yield "duplicate_first_null", b'{"currency":null,' + _event()[1:]
    yield "duplicate_in_unknown_object", _event(extra=',"shop":{"id":1,"id":2}')
    yield "duplicate_unknown", _event(extra=',"a":1,"a":{}')
    yield "duplicate_by_escape", _event(currency='"XXX"', extra=r',"\u0063urrency":"VND"')


OPTIONAL_LITERALS = (
    '"card"', '"MoMo"', '"visa-1.0_x"', r'" \t\r\n\f\u000bcard \t"', r'"\u0063ard"', '"' + "x" * 30 + '"',
    '" ' + "x" * 30 + ' "', '"' + "x" * 31 + '"', '""', '" "', "null", "7", "-0", "1e400", "true", "[]", '["card"]',
    "{}", '{"name":"card"}', '"a b"', r'"a\/b"', r'"card\u0000"', r'"\u0000"', '"a,channel:b"', '"a:b"', '"a}"',
    '"thẻ"', '"ca\u0301rd"', r'"\u212a"', '"\u017f"', '"\u0130"', r'"\u00a0card"', '"\u2003card"', '"\uff11\uff12"', '"٣"',
    '"\N{GRINNING FACE}"', r'"card\n"', r'"\"card\""', '"paymentMethod"', '"channel"', '"-"', '"."',
)  # fmt: skip
"""JSON texts that an optional field may have: known and unknown values, and what is no text."""

OPTIONAL_NAMES = ("paymentMethod", "channel", "country", "failureReason")


def _with_optional_fields() -> Iterator[tuple[str, bytes | None]]:
    for index, literal in enumerate(OPTIONAL_LITERALS):
        members = "".join(f',"{name}":{literal}' for name in OPTIONAL_NAMES)
        yield f"optional_{index}", _event(extra=members)
    yield "optional_in_other_order", _event(extra=',"country":"vn","paymentMethod":"card"')
    yield "optional_before_the_others", b'{"channel":"web",' + _event()[1:]
    yield "optional_twice", _event(extra=',"channel":"web","channel":"app"')
    yield "optional_twice_last_unknown", _event(extra=',"channel":"web","channel":7')
    yield "optional_name_escaped", _event(extra=r',"\u0063hannel":"web"')
    yield "optional_beside_unknown", _event(extra=',"channel":"web","note":"x","country":"VN"')
    yield "optional_with_whitespace", _event(extra='\n, "channel" :\t"web" ,\r"country":"VN" ')


def _not_utf8() -> Iterator[tuple[str, bytes | None]]:
    def inside(raw: bytes) -> bytes:
        return _event().replace(b"USR1234", b"USR" + raw)

    yield "latin_1", inside(b"\xe9")
    yield "lone_continuation_byte", inside(b"\x80")
    yield "cut_sequence", inside(b"\xe2\x82")
    yield "overlong_slash", inside(b"\xc0\xaf")
    yield "overlong_nul", inside(b"\xc0\x80")
    yield "encoded_surrogate", inside(b"\xed\xa0\x80")
    yield "encoded_surrogate_pair", inside(b"\xed\xa0\xbd\xed\xb8\x80")
    yield "beyond_unicode", inside(b"\xf4\x90\x80\x80")
    yield "impossible_byte", inside(b"\xff")
    yield "in_unknown_field", _event(extra=',"note":"x"').replace(b'"x"', b'"\xfe"')
    yield "after_the_object", _event() + b"\xff"
    yield "utf_16_with_bom", _event().decode().encode("utf-16")
    yield "gzip", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"
    yield "schema_registry_header", b"\x00\x00\x00\x00\xff" + _event()


def _not_json() -> Iterator[tuple[str, bytes | None]]:
    whole = _event()
    yield "tombstone", None
    yield "empty", b""
    yield "blank", b" \n\t "
    yield "byte_order_mark", b"\xef\xbb\xbf" + whole
    yield "utf_16_without_bom", whole.decode().encode("utf-16-le")
    yield "word", b"hello"
    yield "csv", b"7d5f,payment_success,12.5"
    yield "cut_in_half", whole[: len(whole) // 2]
    yield "without_last_brace", whole[:-1]
    yield "only_open_brace", b"{"

    trailing = {
        "word": b" junk",
        "brace": b"}",
        "bracket": b"]",
        "bracket_and_word": b"] junk",
        "bracket_and_opening": b"],[",
        "bracket_and_object": b"]," + whole,
        "comma": b",",
        "comma_and_object": b"," + whole,
        "comma_and_null": b",null",
        "comma_and_number": b",1",
        "object": whole,
        "object_on_next_line": b"\n" + whole,
        "comment": b" // done",
        "block_comment": b"/* done */",
        "hash_comment": b" # done",
        "nul": b"\x00",
        "form_feed": b"\f",
        "no_break_space": "\u00a0".encode(),
        "bracket_and_block_comment": b"]/*",
        "semicolon": b";",
    }
    for name, tail in trailing.items():
        yield f"trailing_{name}", whole + tail
    yield "leading_comma", b"," + whole
    yield "leading_bracket", b"[" + whole
    yield "leading_closing_bracket", b"]" + whole
    yield "leading_null_and_comma", b"null," + whole
    yield "leading_word", b"x" + whole
    yield "leading_form_feed", b"\f" + whole
    yield "leading_nul", b"\x00" + whole
    yield "xssi_prefix", b")]}'\n" + whole
    yield "closed_and_opened_array", whole + b"],[" + whole

    yield "single_quotes", whole.replace(b'"', b"'")
    yield "single_quotes_in_unknown", _event(extra=",\"a\":'b'")
    yield "unquoted_name", whole.replace(b'"id"', b"id")
    yield "unquoted_value", _event(currency="USD")
    yield "trailing_comma_in_object", whole[:-1] + b",}"
    yield "trailing_comma_in_array", _event(extra=',"a":[1,]')
    yield "missing_comma", whole.replace(b',"amount"', b' "amount"')
    yield "missing_colon", whole.replace(b'"amount":', b'"amount" ')
    yield "missing_value", _event(amount="")
    yield "missing_array_element", _event(extra=',"a":[1,,2]')
    yield "comment_inside", whole.replace(b",", b", /* and */ ", 1)
    yield "line_comment_inside", whole.replace(b",", b", // and\n", 1)

    numbers = {
        "nan": "NaN",
        "infinity": "Infinity",
        "minus_infinity": "-Infinity",
        "inf": "INF",
        "leading_zero": "007",
        "minus_leading_zero": "-01",
        "double_zero": "00",
        "plus_sign": "+1",
        "no_digit_before_point": ".5",
        "no_digit_after_point": "5.",
        "no_digit_in_exponent": "1e",
        "no_digit_after_exponent_sign": "1e+",
        "lone_minus": "-",
        "two_points": "1.2.3",
        "hexadecimal": "0x10",
        "separator": "1_000",
        "thousands": "1,000",
        "suffix": "1.5d",
        "arabic_digits": "١٢",
    }
    for name, literal in numbers.items():
        yield f"number_{name}", _event(amount=literal)
    yield "nan_in_unknown", _event(extra=',"n":NaN')
    yield "leading_zero_in_unknown", _event(extra=',"n":[01]')

    yield "python_literals", _event(status="True")
    yield "capital_null", _event(status="NULL")
    yield "cut_literal_in_unknown", _event(extra=',"a":nul')
    yield "raw_newline_in_string", _event(userId='"a\nb"')
    yield "raw_tab_in_string", _event(userId='"a\tb"')
    yield "raw_nul_in_string", _event(userId='"a\0b"')
    yield "raw_unit_separator_in_unknown", _event(extra=',"a":"\x1f"')
    yield "raw_newline_in_name", _event(extra=',"a\nb":1')
    yield "escape_x", _event(userId=r'"\x41"')
    yield "escape_quote", _event(userId=r'"it\'s"')
    yield "escape_u_short", _event(userId=r'"\u12"')
    yield "escape_u_braces", _event(userId=r'"\u{1F600}"')
    yield "escape_capital_u", _event(userId=r'"\U0041"')
    yield "escape_newline", _event(userId='"a\\\nb"')
    yield "escaped_closing_quote", _event(status=r'"success\"')
    yield "lone_high_surrogate", _event(userId=r'"\ud83d"')
    yield "lone_low_surrogate", _event(userId=r'"\ude00"')
    yield "surrogates_in_wrong_order", _event(userId=r'"\ude00\ud83d"')
    yield "high_surrogate_before_letter", _event(userId=r'"\ud83dx"')
    yield "lone_surrogate_in_unknown", _event(extra=r',"a":"\ud800"')
    yield "lone_surrogate_in_unknown_name", _event(extra=r',"\udc00":1')


def _not_an_object() -> Iterator[tuple[str, bytes | None]]:
    yield "null", b"null"
    yield "true", b"true"
    yield "number", b"42"
    yield "minus_zero", b"-0"
    yield "string", b'"hello"'
    yield "event_in_a_string", json.dumps(_event().decode()).encode()
    yield "empty_array", b"[]"
    yield "event_in_an_array", b"[" + _event() + b"]"
    yield "padded_array", b" [ ] \n"


def _missing_field() -> Iterator[tuple[str, bytes | None]]:
    yield "empty_object", b"{}"
    yield "nothing_known", b'{"hello":"world"}'
    for field in FIELDS:
        absent: dict[str, str | None] = {field.name: None}
        yield f"absent_{field.name}", _event("", **absent)
        yield f"null_{field.name}", _event(**{field.name: "null"})
    yield "name_in_other_case", _event().replace(b'"eventTime"', b'"EventTime"')
    yield "name_in_snake_case", _event().replace(b'"eventTime"', b'"event_time"')
    yield "name_padded", _event().replace(b'"id"', b'" id"')
    yield "name_with_dot", _event(id=None, extra=',"x.id":"7"')
    yield "event_in_envelope", b'{"payload":' + _event() + b"}"
    yield "duplicate_last_null", _event(extra=',"amount":null')
    yield "before_wrong_type", _event(id=None, amount='"1"')
    yield "before_not_allowed", _event(status=None, currency='"XXX"')


def _wrong_type() -> Iterator[tuple[str, bytes | None]]:
    for field in FIELDS:
        wrong = '"12.50"' if field.kind == "amount" else "7"
        yield (
            f"{field.name}_{'string' if field.kind == 'amount' else 'number'}",
            _event(**{field.name: wrong}),
        )
        yield f"{field.name}_boolean", _event(**{field.name: "true"})
        yield f"{field.name}_array", _event(**{field.name: f"[{VALID[field.name]}]"})
        yield f"{field.name}_object", _event(**{field.name: f'{{"value":{VALID[field.name]}}}'})
    yield "eventTime_epoch", _event(eventTime="{epoch_seconds}")
    yield "eventTime_epoch_ms", _event(eventTime="{epoch_seconds}000")
    yield "amount_nan_as_string", _event(amount='"NaN"')
    yield "amount_empty_string", _event(amount='""')
    yield "duplicate_last_of_wrong_type", _event(extra=',"id":7')
    yield "before_nul", _event(id=r'"a\u0000"', userId="7")
    yield "before_negative", _event(status="0", amount="-1")


def _bad_character() -> Iterator[tuple[str, bytes | None]]:
    for field in FIELDS:
        if field.kind != "amount":
            inner = VALID[field.name][1:-1]
            yield f"nul_in_{field.name}", _event(**{field.name: f'"{inner}\\u0000"'})
    yield "only_nul", _event(orderId=r'"\u0000"')
    yield "nul_before_too_long", _event(userId='"' + "u" * 60 + r'\u0000"')
    yield "nul_before_not_allowed", _event(id=r'"a\u0000b"', currency='"XXX"')


def _bad_length() -> Iterator[tuple[str, bytes | None]]:
    for name in ("id", "orderId", "userId"):
        yield f"{name}_empty", _event(**{name: '""'})
        yield f"{name}_51", _event(**{name: f'"{"x" * 51}"'})
        yield f"{name}_51_astral", _event(**{name: f'"{chr(0x1F600) * 51}"'})
        yield f"{name}_9600", _event(**{name: f'"{"x" * 9600}"'})
    yield "id_blank", _event(id=r'" \t\r\n\f\u000b "')
    yield "id_51_padded", _event(id=f'" {"x" * 51} "')
    yield "orderId_padded_is_not_trimmed", _event(orderId=f'" {"x" * 49} "')
    yield "before_not_allowed", _event(id='""', eventType='"x"')


def _not_allowed() -> Iterator[tuple[str, bytes | None]]:
    yield "type_unknown", _event(eventType='"order_teleported"')
    yield "type_upper_case", _event(eventType='"ORDER_CREATED"')
    yield "type_padded", _event(eventType='" order_created"')
    yield "type_empty", _event(eventType='""')
    yield "type_long", _event(eventType=f'"{"x" * 9600}"')
    yield "currency_unknown", _event(currency='"EUR"')
    yield "currency_lower_case", _event(currency='"usd"')
    yield "currency_padded", _event(currency='"USD "')
    yield "currency_full_width", _event(currency=r'"\uff35\uff33\uff24"')
    yield "status_unknown", _event(status='"done"')
    yield "status_of_another_field", _event(status='"payment_success"')
    yield "duplicate_last_not_allowed", _event(extra=',"status":"?"')
    yield "before_bad_event_time", _event(status='"done"', eventTime='"soon"')


def _bad_event_time() -> Iterator[tuple[str, bytes | None]]:
    for name in (
        "now_no_zone", "now_blank", "now_lower_case", "now_comma", "now_bare_dot", "now_basic_offset",
        "now_short_offset", "now_named_zone", "now_region", "now_far_offset", "now_no_seconds",
        "now_leap_second", "now_hour_24", "now_ten_digits", "today", "february_30", "april_31", "month_13",
        "epoch_seconds",
    ):  # fmt: skip
        yield name, _event(eventTime=f'"{{{name}}}"')
    yield "empty", _event(eventTime='""')
    yield "words", _event(eventTime='"yesterday at noon"')
    yield "special_word", _event(eventTime='"now"')
    yield "padded", _event(eventTime='" {now}"')
    yield "trailing_newline", _event(eventTime=r'"{now}\n"')
    yield "only_time", _event(eventTime='"12:00:00Z"')
    yield "year_10000", _event(eventTime='"10000-01-01T00:00:00Z"')
    yield "signed_year", _event(eventTime='"+2026-01-01T00:00:00Z"')
    yield "not_a_leap_year", _event(eventTime='"2025-02-29T00:00:00Z"')
    yield "week_date", _event(eventTime='"2026-W10-2T00:00:00Z"')
    yield "arabic_digits", _event(eventTime='"٢٠٢٦-01-01T00:00:00Z"')
    yield "before_negative", _event(eventTime='"soon"', amount="-1")


def _amounts() -> Iterator[tuple[RejectReason, str, bytes]]:
    literals = {
        R.AMOUNT_NEGATIVE: {
            "one": "-1",
            "cent": "-0.01",
            "too_precise": "-0.001",
            "too_large": "-1e20",
            "beyond_double": "-1e400",
            "below_double": "-1e-400",
            "far_below_double": "-1e-99999999999",
            "fifty_digits": "-" + "9" * 50,
        },
        R.AMOUNT_TOO_PRECISE: {
            "three_decimals": "1.239",
            "tenth_of_a_cent": "0.001",
            "exponent": "12e-4",
            "exponent_of_a_decimal": "12.345e-1",
            "half_a_cent": "1.005",
            "below_double": "1e-400",
            "far_below_double": "1e-99999999999",
            "same_double_as_two_decimals": "7746075109451.35100000000000000000001e0",
            "thirty_decimals": "0.100000000000000000000000000001",
            "sixty_decimals": "1." + "0" * 59 + "1",
            "and_too_large": "10000000000000.001",
            "at_the_limit": "9999999999999.999",
        },
        R.AMOUNT_TOO_LARGE: {
            "fourteen_digits": "10000000000000",
            "fourteen_digits_and_decimals": "10000000000000.00",
            "exponent": "1e13",
            "beyond_long": "9223372036854775808",
            "thirty_eight_digits": "9" * 38,
            "fifty_digits": "9" * 50,
            "beyond_double": "1e400",
            "far_beyond_double": "1e99999999999",
            "just_at_the_limit": "1.00000000000000000000e13",
        },
    }
    for reason, ways in literals.items():
        for name, literal in ways.items():
            yield reason, name, _event(amount=literal)
    yield R.AMOUNT_NEGATIVE, "before_late", _event(amount="-1", eventTime='"{late}"')


def _times() -> Iterator[tuple[RejectReason, str, bytes]]:
    late = ("late", "two_days_ago")
    for name in late:
        yield R.LATE, name, _event(eventTime=f'"{{{name}}}"')
    yield R.LATE, "epoch", _event(eventTime='"1970-01-01T00:00:00Z"')
    yield R.LATE, "before_the_gregorian_calendar", _event(eventTime='"1500-02-28T00:00:00Z"')
    yield R.LATE, "year_1", _event(eventTime='"0001-01-01T00:00:00Z"')
    yield R.FUTURE, "minutes", _event(eventTime='"{future}"')
    yield R.FUTURE, "in_2099", _event(eventTime='"2099-01-01T00:00:00Z"')
    yield R.FUTURE, "in_9999", _event(eventTime='"9999-12-31T23:59:59.999999Z"')


def _records() -> Iterator[Record]:
    families: dict[RejectReason | None, Iterator[tuple[str, bytes | None]]] = {
        None: _accepted(),
        R.TOO_LARGE: _too_large(),
        R.NOT_UTF8: _not_utf8(),
        R.NOT_JSON: _not_json(),
        R.NOT_AN_OBJECT: _not_an_object(),
        R.MISSING_FIELD: _missing_field(),
        R.WRONG_TYPE: _wrong_type(),
        R.BAD_CHARACTER: _bad_character(),
        R.BAD_LENGTH: _bad_length(),
        R.NOT_ALLOWED: _not_allowed(),
        R.BAD_EVENT_TIME: _bad_event_time(),
    }
    for reason, family in families.items():
        for name, template in family:
            yield Record(f"{reason or 'accepted'}.{name}", template, reason)
    for verdict, name, template in (*_amounts(), *_times()):
        yield Record(f"{verdict}.{name}", template, verdict)


RECORDS = tuple(_records())
"""Every record, each with a name of its own."""
