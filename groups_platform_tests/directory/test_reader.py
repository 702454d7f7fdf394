"""D1 and D2: which bytes give which records, and which files are refused as a whole."""

from __future__ import annotations

import gzip
import io
import json
import re
import tracemalloc
from typing import Any

import pytest

from groups_platform.directory import reader
from groups_platform.directory.reader import NotJson, RawRecord, UnreadableFile, read_records, read_texts

BOM = b"\xef\xbb\xbf"
ONE = {"id": 1, "name": "One"}
TWO = {"id": 2, "name": "Zwei – ü\u2028", "agent_ids": [1, 2]}
ONE_TEXT = json.dumps(ONE)
TWO_TEXT = json.dumps(TWO, ensure_ascii=False)


def read(data: bytes | str, path: str = "admin_groups/a.json", wrapper: str = "groups") -> list[RawRecord]:
    return list(read_records(path, data.encode() if isinstance(data, str) else data, wrapper))


def values(data: bytes | str, path: str = "admin_groups/a.json", wrapper: str = "groups") -> list[Any]:
    return [record.value for record in read(data, path, wrapper)]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.json", f"[{ONE_TEXT}, {TWO_TEXT}]"),
        ("a.JSON", f"\n [\t{ONE_TEXT}\r\n,\n{TWO_TEXT}\n]\n\n"),
        ("a.json", f'{{"groups": [{ONE_TEXT}, {TWO_TEXT}]}}'),
        ("a.json", f'{{"next": null, "groups" :\n[{ONE_TEXT}, {TWO_TEXT}] , "count": 2}}'),
        ("a.json", f'{{"data": [{ONE_TEXT}, {TWO_TEXT}], "groups": null, "group": 5}}'),
        ("a.json", f'{{"results": [{ONE_TEXT}, {TWO_TEXT}], "agents": [1]}}'),
        ("a.json", f"{ONE_TEXT}\n{TWO_TEXT}"),
        ("a.JSON", f"{ONE_TEXT} \r\n\t{TWO_TEXT}\r\n \n"),
        ("a.jsonl", f"{ONE_TEXT}\n{TWO_TEXT}\n"),
        ("a.ndjson", f"{ONE_TEXT}\r\n{TWO_TEXT}"),
        ("sub.dir/a.JsonL", f" {ONE_TEXT} \n\t{TWO_TEXT}\n"),
    ],
)
@pytest.mark.parametrize("mark", [b"", BOM])
@pytest.mark.parametrize("packed", [False, True])
def test_d1_every_format_gives_the_records_at_their_positions(path: str, text: str, mark: bytes, packed: bool) -> None:
    data = mark + text.encode()
    records = read(gzip.compress(data), f"{path}.gz") if packed else read(data, path)
    assert [(record.position, record.value) for record in records] == [(0, ONE), (1, TWO)]
    assert [record.text.strip() for record in records] == [ONE_TEXT, TWO_TEXT]


@pytest.mark.parametrize(
    "text",
    [
        ONE_TEXT,
        '{"id": 1, "name": "holds a wrapper", "groups": [{"id": 2}]}',
        '{"id": null, "groups": [{"id": 2}]}',
        '{"groups": {"id": 2}}',
        '{"groups": null}',
        '{"agents": [{"id": 2}]}',
        "{}",
        "5",
        "null",
        '"text"',
    ],
)
def test_d1_any_other_value_is_one_record(text: str) -> None:
    assert read(f" {text}\n") == [(0, read(f" {text}\n")[0].text, json.loads(text))]


@pytest.mark.parametrize("wrapper", ["groups", "agents"])
def test_p3_an_object_may_hold_one_record(wrapper: str) -> None:
    key = wrapper.removesuffix("s")
    (record,) = read(f'{{"next": null, "{key}" : {TWO_TEXT} }}', wrapper=wrapper)
    assert (record.position, record.text, record.value) == (0, TWO_TEXT, TWO)
    other = {"group": "agent", "agent": "group"}[key]
    for text in (f'{{"id": 1, "{key}": {{"id": 2}}}}', f'{{"{key}": [1]}}', f'{{"{other}": {{"id": 2}}}}'):
        assert values(text, wrapper=wrapper) == [json.loads(text)]


@pytest.mark.parametrize(
    "text",
    [
        '{"groups": [{"id": 1}], "groups": [{"id": 2}]}',
        '{"groups": 5, "groups": [{"id": 2}]}',
        '{"data": [{"id": 2}], "data": null}',
        '{"results": {}, "results": 5}',
        '{"group": {"id": 1}, "group": {"id": 2}}',
        '{"groups": [{"id": 1}], "data": []}',
        '{"groups": [], "group": {"id": 1}}',
        '{"groups": [{"id": "\\ud800"}], "more": {}, "\\u0067roups": []}',
    ],
)
def test_p3_an_object_that_has_records_twice_is_refused(text: str) -> None:
    for path in ("a.json", "a.json.gz"):
        data = text.encode()
        with pytest.raises(UnreadableFile, match=r"records twice \(byte \d+\)"):
            read(gzip.compress(data) if path.endswith("gz") else data, path)
    inner = text[1:-1]
    assert len(read(f'{{"id": 1, {inner}}}')) == 1, "a record may have any further fields"


@pytest.mark.parametrize(
    "lines",
    [
        ['{"id": 1}', "5"],
        ['{"id": 1}', "[1]"],
        ["[1]", "[2]"],
        ['{"id": 1}', '{"groups": [{"id": 2}]}'],
        ['{"groups": [{"id": 2}]}', '{"groups": [{"id": 3}]}'],
        ['{"id": 1}', '{"group": {"id": 2}}'],
        ['{"id": 1}', '{"data": [1], "data": 1}'],
        ['{"id": 1}', '{"id": 2} {"id": 3}'],
        ['{"id": 1}', '{"id": 2, "na'],
        ['{"id": 1}', '{"id": 2},'],
        ["{", '"id": 1', "}}"],
    ],
)
def test_p3_lines_in_a_json_file_are_read_only_if_each_is_a_record(lines: list[str]) -> None:
    with pytest.raises(UnreadableFile):
        read("\n".join(lines))


@pytest.mark.parametrize("end", ["", " ", "\r"])
@pytest.mark.parametrize("cut", ['{"id":13,"na', "{", '{"id": 1} x', "nul", '{"a":' * 20_000])
@pytest.mark.parametrize("packed", [False, True])
def test_p2_json_lines_whose_last_line_was_cut_are_refused(cut: str, end: str, packed: bool) -> None:
    data = f'{{"id":11}}\n{{"id":12.0}}\n{cut}'.encode()
    path, pack = ("a.jsonl.gz", gzip.compress) if packed else ("a.ndjson", bytes)
    with pytest.raises(UnreadableFile, match=rf"cut: .* \(byte {len(data) + len(end)}\)"):
        read(pack(data + end.encode()), path)
    assert [record.position for record in read(pack(data + end.encode() + b"\n"), path)] == [0, 1, 2]


def test_p2_a_last_line_that_is_json_needs_no_end_however_long_or_deep() -> None:
    for last in ('{"id": 2}', "5 ", f'"{"x" * 200_000}"', nested(20_000)[0]):
        for data in (last.encode(), b'{"id": 1}\n' + last.encode(), b"\n" * 100_000 + last.encode()):
            assert read(data, "a.jsonl")[-1].text == last
            assert read(gzip.compress(data), "a.jsonl.gz")[-1].text == last
            with pytest.raises(UnreadableFile, match="cut"):
                read(data.rstrip()[:-1] + (b"x" if last == "5 " else b""), "a.jsonl")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("path", ["a.jsonl", "a.json"])
def test_p2_a_file_in_utf16_or_utf32_is_refused(encoding: str, path: str) -> None:
    data = '{"id": 1, "name": "x"}\n{"id": 2, "name": "y"}\n'.encode(encoding)
    for packed in (False, True):
        with pytest.raises(UnreadableFile):
            read(gzip.compress(data) if packed else data, f"{path}.gz" if packed else path)


def test_d1_the_wrapper_of_the_other_kind_is_a_record() -> None:
    assert values('{"agents": [{"id": 2}]}', wrapper="agents") == [{"id": 2}]
    assert values('{"agents": [{"id": 2}]}', wrapper="groups") == [{"agents": [{"id": 2}]}]


@pytest.mark.parametrize(("text", "path"), [("[]", "a.json"), ('{"groups": []}', "a.json"), ("", "a.jsonl")])
def test_d1_a_file_may_hold_no_record(text: str, path: str) -> None:
    assert read(text, path) == []


def test_d1_elements_that_are_no_objects_are_records_with_positions() -> None:
    assert values('[1, null, [{"id": 2}], "x", {"id": 3}]') == [1, None, [{"id": 2}], "x", {"id": 3}]


def test_d2_the_text_of_a_record_is_exactly_what_was_read() -> None:
    odd = '{ "name" : "\\u00fc\\n\\/" ,"id":1.50e+01,"id" :\t007e0}'.replace("007e0", "70e-1")
    for records in (read(f"[{odd},\n {odd}\n]"), read(f"{odd}\n{odd}", "a.jsonl")):
        assert [record.text for record in records] == [odd, odd]


def test_d2_a_broken_line_costs_no_other_line_and_keeps_its_text() -> None:
    broken = '{"id": 2, "name": "cut'
    records = read(f"{ONE_TEXT}\n\n  \r\n{broken}\n{TWO_TEXT}\n", "a.jsonl")
    assert [record.position for record in records] == [0, 3, 4]
    assert [records[0].value, records[2].value] == [ONE, TWO]
    assert isinstance(records[1].value, NotJson)
    assert records[1].text == broken


@pytest.mark.parametrize(
    "line",
    [
        b'{"id": 1',
        b'{"id": 1} {"id": 2}',
        b'{"id": 1},',
        b'{"id": NaN}',
        b'{"id": -Infinity}',
        b'{"id": 01}',
        b"{'id': 1}",
        b'{"id": 1, "name": "\xff"}',
        b'{"id": 1, "name": "\xed\xa0\x80"}',
        b'{"id": 1, "name": "\x01"}',
        b'{"id": 1, "name": "\\x"}',
        b"\x00",
        b"\xc2\xa0",
        b"\x1c",
        b"\x0b",
        b"\x0c",
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
)
def test_d2_a_line_that_is_not_json_is_one_bad_record(line: bytes) -> None:
    records = read(ONE_TEXT.encode() + b"\n" + line + b"\n" + ONE_TEXT.encode(), "a.jsonl")
    assert [record.position for record in records] == [0, 1, 2]
    assert isinstance(records[1].value, NotJson)
    assert str(records[1].value)


@pytest.mark.parametrize(
    ("data", "offset"),
    [
        (b"", 0),
        (b" \n", 2),
        (BOM, 3),
        (b'[{"id": 1}', 10),
        (b'[{"id": 1}] x', 12),
        (b'[{"id": 1}]\n[{"id": 2}]', 12),
        (b'{"id": 1}\n{"id": 2\n', 10),
        (b'[{"id": 1},]', None),
        (b'[{"id": 1} {"id": 2}]', 11),
        (b'[{"id": nope}]', 8),
        (b'[{"id": NaN}]', 8),
        ('[{"NaN": "ü \\" -Infinity", "id": -Infinity}]'.encode(), 34),
        (b'[{"id": 1, "name": "\xff"}]', 20),
        (BOM + '[{"name": "ü", "id": nope}]'.encode(), 3 + 22),
        (b'[{"id": 1, "name": "\x01"}]', 20),
        (b'[{"id": 1, "name": "\\x"}]', None),
        (b'[{"id": 01}]', None),
        (b'[{"id": +1}]', None),
        ('[{"id": 1}]'.encode("utf-16"), 0),
        (b"\x89PNG\r\n\x1a\n", 0),
        (b"[" * 100_000, None),
        (b"[" + b'{"a":' * 100_000, None),
        (b"[" * 100_000 + b"]" * 99_999 + b"}", 199_999),
        (b'[{"id": 1, "extra": ' + b"[" * 5000 + b"1 2" + b"]" * 5000 + b"}]", 20 + 5000 + 2),
    ],
)
def test_d2_a_file_that_is_not_json_as_a_whole_is_refused_with_the_byte_offset(data: bytes, offset: int | None) -> None:
    with pytest.raises(UnreadableFile) as refused:
        read(data)
    if offset is not None:
        assert refused.value.offset == offset
    assert re.search(rf"\bbyte {refused.value.offset}\b", str(refused.value))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"plain text",
        gzip.compress(b"[]", mtime=0)[:-1],
        gzip.compress(b"[]", mtime=0)[:-8] + b"\0\0\0\0" + gzip.compress(b"[]", mtime=0)[-4:],
        gzip.compress(b"[]", mtime=0) + b"trailing",
        gzip.compress(b"[", mtime=0)[:12],
    ],
)
@pytest.mark.parametrize("path", ["a.json.gz", "a.jsonl.gz"])
def test_d2_a_file_that_does_not_decompress_is_refused(data: bytes, path: str) -> None:
    with pytest.raises(UnreadableFile):
        read(data, path)


@pytest.mark.parametrize("text", [f"[{ONE_TEXT},\n{TWO_TEXT}]", f'{{"groups": [{ONE_TEXT}]}}', TWO_TEXT])
def test_d2_a_json_file_cut_at_any_byte_gives_no_record(text: str) -> None:
    data = text.encode()
    for length in range(len(data)):
        with pytest.raises(UnreadableFile):
            read(data[:length])


@pytest.mark.parametrize("path", ["a.json.gz", "a.jsonl.gz"])
def test_d2_a_compressed_file_cut_at_any_byte_gives_no_record(path: str) -> None:
    data = gzip.compress(f"[{ONE_TEXT}, {TWO_TEXT}]".encode())
    for length in range(len(data)):
        with pytest.raises(UnreadableFile):
            read(data[:length], path)


def test_p2_json_lines_cut_at_any_byte_give_whole_records_or_none() -> None:
    data = f"{ONE_TEXT}\r\n\n{TWO_TEXT}\n".encode()
    whole = {0: ONE, 2: TWO}
    refused = 0
    for length in range(len(data)):
        try:
            records = read(data[:length], "a.jsonl")
        except UnreadableFile:
            refused += 1
        else:
            assert records == [] or all(record.value == whole[record.position] for record in records)
    assert refused == len(ONE_TEXT) - 1 + len(TWO_TEXT.encode()) - 1


def test_d2_a_file_whose_last_record_is_broken_gives_none_of_the_others() -> None:
    """The fast decoder cuts the array into records before it looks into them."""
    good = ", ".join([ONE_TEXT] * 1000)
    for broken in (rb'{"name": "\x"}', b'{"name": "\x02"}', rb'{"a": "\ud800\q"}', b'{"id": 1.}', b'{"a" 1}'):
        with pytest.raises(UnreadableFile):
            read(f"[{good}, ".encode() + broken + b"]")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"name": "\\ud800"}', {"name": "\ud800"}),
        ('{"name": "\\ud83d\\ude00"}', {"name": "😀"}),
        ('{"\\udfff": 1}', {"\udfff": 1}),
        ('{"score": 1e400}', {"score": float("inf")}),
        ('{"id": 9223372036854775808}', {"id": 2**63}),
        ('{"id": -9223372036854775809}', {"id": -(2**63) - 1}),
        ('{"id": 18446744073709551616}', {"id": 2**64}),
        ('{"a": "\\u0000"}', {"a": "\0"}),
        ('{"a": 1, "a": 2}', {"a": 2}),
    ],
)
def test_d2_json_that_the_fast_decoder_refuses_is_read_all_the_same(text: str, value: Any) -> None:
    for records in (read(f"[{ONE_TEXT}, {text}, {TWO_TEXT}]"), read(f"{ONE_TEXT}\n{text}\n{TWO_TEXT}", "a.jsonl")):
        assert [(record.position, record.value) for record in records] == [(0, ONE), (1, value), (2, TWO)]
        assert records[1].text == text


def test_d2_an_integer_of_5000_digits_is_a_value_that_is_no_bigint() -> None:
    digits = "7" * 5000
    for text in (f'[{{"id": {digits}, "name": "x"}}, {ONE_TEXT}]', f'{{"id": -{digits}, "name": "x"}}'):
        records = read(text)
        assert not isinstance(records[0].value, NotJson)
        assert records[0].value["name"] == "x"
        assert not (isinstance(records[0].value["id"], int) and -(2**63) <= records[0].value["id"] < 2**63)
        assert digits in records[0].text


def nested(depth: int) -> list[str]:
    return [
        "[" * depth + "]" * depth,
        '{"a":' * depth + "1" + "}" * depth,
        '[{"a": [ ' * (depth // 3) + " ] } ]" * (depth // 3),
    ]


@pytest.mark.parametrize("depth", [500, 900, 990, 1000, 1100, 5000, 100_000])
@pytest.mark.parametrize("shape", range(3))
def test_d2_a_field_that_is_nested_deeply_costs_at_most_its_own_record(depth: int, shape: int) -> None:
    deep = f'{{"id": 7, "extra": {nested(depth)[shape]}}}'
    whole = [
        f"[{ONE_TEXT}, {deep},\n{TWO_TEXT}]",
        f'{{"next": {nested(depth)[shape]}, "groups": [{ONE_TEXT},{deep},{TWO_TEXT}]}}',
    ]
    for records in (read(f"{ONE_TEXT}\n{deep}\n{TWO_TEXT}", "a.jsonl"), *map(read, whole)):
        assert [record.position for record in records] == [0, 1, 2]
        assert [records[0].value, records[2].value] == [ONE, TWO]
        assert records[1].text == deep
        if isinstance(records[1].value, NotJson):
            assert depth > 900
            assert str(records[1].value) == "nested too deeply"
        else:
            assert records[1].value["id"] == 7


def test_d2_a_document_that_is_nested_deeply_is_one_record() -> None:
    for text in (f'{{"id": 7, "extra": {nested(20_000)[0]}}}', f'{{"groups": {{"a": {nested(20_000)[1]}}}}}'):
        assert [(record.position, record.text, str(record.value)) for record in read(text)] == [
            (0, text, "nested too deeply")
        ]
    assert [record.position for record in read(nested(100_000)[0])] == [0]


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 50, 10_000])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("packed", [False, True])
def test_json_lines_are_the_same_in_pieces_of_any_size(
    monkeypatch: pytest.MonkeyPatch, piece: int, end: str, packed: bool
) -> None:
    text = end.join([ONE_TEXT, "", " ", TWO_TEXT, "{", ONE_TEXT, "", TWO_TEXT])
    for data in (BOM + text.encode(), text.encode() + end.encode(), b"", BOM, b"\n", end.encode() * 5):
        expected = read(data, "a.jsonl")
        with monkeypatch.context() as patch:
            patch.setattr(reader, "PIECE_BYTES", piece)
            found = read(gzip.compress(data), "a.jsonl.gz") if packed else read(data, "a.jsonl")
        assert [(r.position, r.text) for r in found] == [(r.position, r.text) for r in expected]


def test_d2_packed_json_lines_that_break_after_many_pieces_give_no_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "PIECE_BYTES", 100)
    data = gzip.compress(f"{ONE_TEXT}\n".encode() * 1000)
    assert len(read(data, "a.jsonl.gz")) == 1000
    for broken in (data[:-1], data[:-8] + b"\0\0\0\0" + data[-4:], data + b"trailing"):
        texts = read_texts("a.jsonl.gz", io.BytesIO(broken), "groups")
        with pytest.raises(UnreadableFile, match="does not decompress"):
            next(texts)


def test_a_batch_has_few_records_and_few_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "BATCH_RECORDS", 7)
    monkeypatch.setattr(reader, "BATCH_BYTES", 100)
    texts = [json.dumps("x" * (length % 13) ** 2) for length in range(100)]
    for path, data in (("a.json", f"[{','.join(texts)}]"), ("a.jsonl", "\n".join(texts))):
        batches = list(read_texts(path, io.BytesIO(data.encode()), "groups"))
        assert [position for batch in batches for position in batch.positions] == list(range(100))
        assert [text.decode() for batch in batches for text in batch.texts] == texts
        assert all(len(batch.texts) <= 7 for batch in batches)
        assert all(len(batch.texts) == 1 or sum(map(len, batch.texts)) <= 100 for batch in batches)


LIMIT = 8 * 2**20


class Counted(io.BytesIO):
    """Counts the bytes that are read of it."""

    count = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.count += len(data)
        return data


def refused(path: str, stream: io.BytesIO, limit: int = LIMIT) -> str:
    with pytest.raises(UnreadableFile) as refusal:
        list(read_texts(path, stream, "groups", limit))
    return str(refusal.value)


def test_a_document_over_the_limit_is_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "PIECE_BYTES", 1000)
    document = b"[" + b" " * 7998 + b"]"
    for path, data in (("a.json", document), ("a.json.gz", gzip.compress(document))):
        assert list(read_texts(path, io.BytesIO(data), "groups", 8000)) == []
        reason = refused(path, io.BytesIO(data), 7999)
        assert "has 8,000 bytes or more, and may have 7,999. Raise GROUPS_FILE_LIMIT, or have upstream split" in reason
    huge = Counted(document * 100)
    assert "800,000" not in refused("a.json", huge, 7999)
    assert huge.count < 10_000


@pytest.fixture(scope="module")
def spaces() -> bytes:
    """A gigabyte of spaces, packed."""
    return gzip.compress(b" " * 2**24) * 64


@pytest.mark.parametrize("path", ["a.json.gz", "a.jsonl.gz"])
def test_what_unpacks_to_a_gigabyte_of_spaces_is_refused_in_bounded_memory(path: str, spaces: bytes) -> None:
    tracemalloc.start()
    try:
        reason = refused(path, io.BytesIO(spaces))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert "GROUPS_FILE_LIMIT" in reason
    assert peak < 6 * reader.PIECE_BYTES


def test_a_record_over_an_eighth_of_the_limit_is_refused_wherever_it_stands() -> None:
    for size in (1000, 1001):
        long = json.dumps({"id": 1, "name": "x" * (size - 21)})
        assert len(long) == size
        for path, data in (
            ("a.jsonl", f"{ONE_TEXT}\n{long}\r\n"),
            ("a.json", f"[{ONE_TEXT},\n{long} ]"),
            ("b.json", f'{{"groups": [{ONE_TEXT},{long}]}}'),
            ("c.json", long),
        ):
            stream = io.BytesIO(data.encode())
            if size == 1000:
                assert list(read_texts(path, stream, "groups", 8000))
            else:
                assert "has 1,001 bytes or more, and may have 1,000" in refused(path, stream, 8000)


def test_json_lines_of_more_than_the_limit_are_read() -> None:
    data = f"{TWO_TEXT}\n".encode() * 200
    assert sum(len(batch.texts) for batch in read_texts("a.jsonl", io.BytesIO(data), "groups", 1000)) == 200
