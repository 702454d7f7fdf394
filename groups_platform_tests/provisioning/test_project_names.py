"""Names of projects, made in the database of what the directory calls its groups: valid by S5, whatever that is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from sys import maxunicode
from unicodedata import category, normalize

import pytest

from groups_platform.database.connection import connect
from groups_platform.group_service.errors import InvalidGroupName
from groups_platform.group_service.types.group import check_group_name
from groups_platform.provisioning.types import check_name_template
from groups_platform_tests.conftest import NewDatabase

TEMPLATES = ("{name}", "{id}", "{name}-{id}", "{id}.{name}", "team-{name}_{name}", "x" * 44 + "{id}", "Équipe{name}")
LARGEST, SMALLEST = 2**63 - 1, -(2**63)

Named = Callable[[str, str, int], str]


@pytest.fixture(scope="module")
def named(new_database: NewDatabase) -> Iterator[Named]:
    """`manager.project_name` of the database."""
    with new_database() as url, connect(url) as connection:

        def name(template: str, text: str, group_id: int) -> str:
            row = connection.execute(
                "SELECT manager.project_name(%s, %s, %s::BIGINT)", (template, text, group_id)
            ).fetchone()  # fmt: skip
            assert row is not None
            return str(row[0])

        yield name


def is_valid(name: str) -> bool:
    """Whether the service takes the name and stores it as it is."""
    try:
        return check_group_name(name) == name
    except InvalidGroupName:
        return False


@pytest.mark.parametrize(
    ("template", "text", "name"),
    [
        ("{name}", "Winter tyres", "Winter-tyres"),
        ("{name}", "R&D / Ops", "R-D-Ops"),
        ("{name}", "a - b", "a-b"),
        ("{name}", "a--b_c.d", "a--b_c.d"),
        ("{name}", "  (sales)  ", "sales"),
        ("{name}", "ÉQUIPE d'été", "ÉQUIPE-d-été"),
        ("{name}", "e\u0301te\u0301", "été"),
        ("{name}", "개발팀 1", "개발팀-1"),
        ("{name}", "Отдел №5", "Отдел-5"),
        ("{name}", "فريق المبيعات", "فريق-المبيعات"),
        ("{name}", "हिन्दी", "हिन्दी"),
        ("{name}", "٤٢ rooms", "rooms"),
        ("{name}", "\u202eevil\u202c", "evil"),
        ("{name}", "a\u200bb\u200dc", "a-b-c"),
        ("{name}", "🚲 bikes 🚲", "bikes"),
        ("{name}", "🚲🚲", "group-42"),
        ("{name}", "", "group-42"),
        ("{name}", "...", "group-42"),
        ("{name}", "\u0301\u0302", "group-42"),
        ("{name}", "-\u0301abc", "abc"),
        ("{name}", "{id}{name}", "id-name"),
        ("{name}", "a\x01\x7f\tb\nc", "a-b-c"),
        ("{name}", "x" * 1000, "x" * 64),
        ("{name}", "x" * 63 + " y", "x" * 63),
        ("{name}-{id}", "x" * 1000, "x" * 61 + "-42"),
        ("{name}-{id}", "x" * 60 + " yes", "x" * 60 + "-42"),
        ("{id}-{name}", "Winter tyres", "42-Winter-tyres"),
        ("{name}-{id}", "", "42"),
        ("{id}", "Winter tyres", "42"),
        ("{name}_{name}", "y" * 40, "y" * 31 + "_" + "y" * 31),
        ("tyres", "Winter", "tyres"),
        ("{name}\u0301", "e", "é"),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_m1_a_name_is_made_readable_and_valid(named: Named, template: str, text: str, name: str) -> None:
    assert named(template, text, 42) == name
    assert is_valid(name)


def hostile(rng: Random) -> str:
    signs = [
        *"abz019-_. /{}&", "\u0301", "\u0338", "\u200d", "\u202e", "\ufeff", "\x01", "\n", "é", "가", "\u1100\u1161",
        "ß", "İ", "ﬁ", "\u0958", "\u0344", "\U0001d15e", "\U0001f600", "\U0001f1e6\U0001f1f9", "٤", "𝔘", "\ufffd",
        "\u0345", "\u1ab0", "{name}", "{id}",
    ]  # fmt: skip
    anything = [chr(rng.choice((rng.randrange(1, 0xD800), rng.randrange(0xE000, maxunicode + 1)))) for _ in range(20)]
    return "".join(rng.choice(signs + anything) for _ in range(rng.choice((0, 1, 2, 5, 30, 64, 65, 200, 1000))))


def test_m1_whatever_a_group_is_called_its_project_has_a_valid_name(named: Named) -> None:
    rng = Random(7)
    for template in TEMPLATES:
        assert check_name_template(template, with_groups_below=True)
        for _ in range(150):
            group_id, text = rng.choice((0, 7, -7, 42_000, LARGEST, SMALLEST)), hostile(rng)
            name = named(template, text, group_id)
            assert is_valid(name), (template, ascii(text), name)
            if "{id}" in template:
                assert str(abs(group_id)) in name, (template, ascii(text), name)


@pytest.mark.parametrize(
    "template", ["", "{", "}", "{id", "{}", "-{name}-", "x" * 300, "{id}" * 10, "\u0301{name}", "🚲"]
)
def test_m1_also_a_template_that_no_action_takes_makes_valid_names(named: Named, template: str) -> None:
    for text in ("", "Winter tyres", "🚲", "x" * 1000):
        for group_id in (42, LARGEST, SMALLEST):
            assert is_valid(named(template, text, group_id))


def test_m1_the_database_has_the_letters_and_marks_of_the_service(database_url: str) -> None:
    """Every sign that the database keeps is one that the service takes; it lacks those that came after Unicode 13."""
    with connect(database_url) as connection:
        ((letters, marks),) = connection.execute(
            """
            SELECT
                array_agg(code) FILTER (WHERE chr(code) ~ ('[' || manager.letters() || ']')),
                array_agg(code) FILTER (WHERE chr(code) ~ ('[' || manager.marks() || ']'))
            FROM generate_series(1, %s) AS code
            WHERE code NOT BETWEEN 55296 AND 57343
            """,
            [maxunicode],
        ).fetchall()
    assert {category(chr(code))[0] for code in letters} == {"L"}
    assert {category(chr(code))[0] for code in marks} == {"M"}
    assert (len(letters), len(marks)) == (131_241, 2_295)
    for text in ("winter", "Ærø", "ǅ", "ʰ", "가각", "日本語", "ขอบคุณ", "العربية", "עברית", "მადლობა", "𐌰", "ＡＢ"):
        assert {ord(sign) for sign in normalize("NFC", text)} <= {*letters, *marks}
