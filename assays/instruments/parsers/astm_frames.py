"""The frames of ASTM E1381 / CLSI LIS1-A: `STX`, a frame number, text, `ETB` or `ETX`, two hexadecimal digits of checksum, `CR LF`.

A record longer than a frame goes on in the next one; `ETX` ends the last. A frame sent again, after the receiver did not understand it,
has the number of the one before.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from .model import ParseError, Place

STX, ETX, EOT, ENQ, ACK, NAK, ETB = b"\x02", b"\x03", b"\x04", b"\x05", b"\x06", b"\x15", b"\x17"
_BETWEEN = frozenset(EOT + ENQ + ACK + NAK + b"\r\n")
_LONGEST_FRAME = 64_000
_MESSAGE = re.compile(rb"(?:\xef\xbb\xbf)?(?:[\x04\x05\x06\x15\r\n]*\x02[0-7]H[^\w\s]{4}|H([^\w\s])[^\w\s]{3}(?:\1|[\r\n]))")


def is_message(head: bytes) -> bool:
    """Whether a file begins with a frame that holds a header record, or with a header record itself (`H|\\^&|`)."""
    return _MESSAGE.match(as_sent(head)) is not None


def as_sent(data: bytes) -> bytes:
    """The bytes as they went over the line, which knows one byte a character, also where an editor kept them as UTF-16."""
    if data[:2] not in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return data.removeprefix(codecs.BOM_UTF8)
    text = codecs.getincrementaldecoder("utf-16")("replace").decode(data)
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode()


def compute_checksum(content: bytes) -> bytes:
    """The sum of the bytes from the frame number to `ETB` or `ETX`, both included, modulo 256, as two upper-case hexadecimal digits."""
    return b"%02X" % (sum(content) % 256)


def read_frames(data: bytes) -> Iterator[bytes]:
    """The text of each message, put together from its frames. Refuses a wrong checksum, a missing frame and bytes outside frames."""
    text = bytearray()
    expected: int | None = None
    last: bytes | None = None
    position, count = 0, 0
    while position < len(data):
        if data[position : position + 1] != STX:
            if data[position] not in _BETWEEN:
                raise _refuse(
                    "stray_bytes", "Bytes stand outside a frame: the recording is damaged. Have the message sent again.", position
                )
            expected, last = (1, None) if data[position : position + 1] == ENQ else (expected, last)
            position += 1
            continue
        count += 1
        content, end = _take_frame(data, position, count)
        if content != last:
            expected = _check_number(content, expected, count, position)
            text += content[1:-1]
            last = content
            if content.endswith(ETX):
                text += b"" if text.endswith(b"\r") else b"\r"
                yield bytes(text)
                text.clear()
        position = end
    if text:
        raise _refuse("cut_off", "The message ends inside a record: its last frame is missing. Have it sent again.", len(data) - 1)


def _take_frame(data: bytes, start: int, count: int) -> tuple[bytes, int]:
    """Frame number, text and `ETB` or `ETX` of the frame that begins at `start`, and where it ends."""
    window = data[start + 1 : start + _LONGEST_FRAME]
    places = [place for mark in (ETB, ETX) if (place := window.find(mark)) >= 0]
    if not places:
        raise _refuse("cut_off", f"Frame {count} has no end. Have the message sent again.", start)
    content = window[: min(places) + 1]
    end = start + 1 + len(content)
    written = data[end : end + 2]
    if len(written) < 2:
        raise _refuse("cut_off", f"The checksum of frame {count} is cut off. Have the message sent again.", end)
    if written.upper() != compute_checksum(content):
        message = f"The checksum of frame {count} is wrong: a byte was changed on its way. Have the message sent again."
        raise _refuse("checksum", message, end)
    return content, end + 2


def _check_number(content: bytes, expected: int | None, count: int, position: int) -> int:
    """The number the next frame must have: they go from 1 to 7, then 0, then 1."""
    number = content[:1]
    if number not in {b"0", b"1", b"2", b"3", b"4", b"5", b"6", b"7"}:
        raise _refuse("bad_frame", f"Frame {count} has no number from 0 to 7. Have the message sent again.", position)
    if expected is not None and int(number) != expected:
        message = f"Frame {count} has the number {int(number)}, expected was {expected}: a frame is missing. Have the message sent again."
        raise _refuse("frame_missing", message, position)
    return (int(number) + 1) % 8


def _refuse(code: str, message: str, position: int) -> ParseError:
    return ParseError(code, message, Place(character=position + 1))
