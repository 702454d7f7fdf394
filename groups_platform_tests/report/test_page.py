"""P21: the page needs nothing else, escapes what others wrote, follows light and dark, and says what it leaves out."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from groups_platform.database.connection import connect
from groups_platform.directory.change_words import KINDS, Change, Mark
from groups_platform.directory.decisions import Verdict, decide
from groups_platform.directory.difference import Difference
from groups_platform.directory.findings import FindingCode
from groups_platform.directory.guard import Protection
from groups_platform.report.charts import Curve, draw_curve
from groups_platform.report.figures import Finding, FoundCode, read_report, read_statuses
from groups_platform.report.page import render_index, render_page
from groups_platform.report.tree import MOST_GROUPS, TREE_GROUPS
from groups_platform_tests.days import agent, group, write_day
from groups_platform_tests.report.conftest import REASON
from groups_platform_tests.report.page_reader import PageReader, read_page
from groups_platform_tests.staged_by_hand import fingerprint_of, sync_by_hand

SAMPLE_DAYS = ("day1", "day2", "day3", "day4", "day5")
HOSTILE = "<script>fetch('https://evil.example.com/')</script>"
ATTRIBUTE = '"><img src="https://evil.example.com/x" onerror="alert(1)">'
RIGHT_TO_LEFT = "قسم الدعم الفني 12"
TURNING = "\u2069\u202eturned \u2067round"  # ends the isolation around it, and begins others that nothing ends
EMOJI = "Team 👩🏽‍🚒🏳️‍🌈 ☃"
LONG = "Ω" * 5000
NAMES = (HOSTILE, ATTRIBUTE, RIGHT_TO_LEFT, TURNING, EMOJI, LONG, "{{ 7 * 7 }}", "$x^2_{a}$", "&lt;b&gt;", "  ")


def page_of(url: str, label: str) -> PageReader:
    return read_page(render_page(read_report(url, label)))


@pytest.fixture
def hostile_url(database_url: str, tmp_path: Path) -> str:
    """Two days with names that others could have chosen to do harm, and a held third."""
    names = [name for name in NAMES if name.strip()]
    people = [agent(100 + n, contact={"active": True, "name": name, "email": name}) for n, name in enumerate(names)]
    groups = [group(n, [100 + n], name=name) for n, name in enumerate(names, 0)]
    groups = [{**record, "id": record["id"] + 1} for record in groups]
    sync_by_hand(database_url, "day1", write_day(tmp_path / "sync-day1", groups, people))
    renamed = [{**record, "name": names[place - 1]} for place, record in enumerate(groups)]
    sync_by_hand(database_url, "day2", write_day(tmp_path / "sync-day2", renamed, people[1:]))
    held = write_day(tmp_path / "sync-day3", [group(n, []) for n in range(1, 99)], [agent(100)])
    sync_by_hand(database_url, "day3", held, Protection({"memberships_removed": None}))
    with connect(database_url) as connection:
        connection.execute(
            "INSERT INTO directory.findings SELECT 'day2', 'invalid_name', 'error', %(t)s, 1, 1, 100, %(t)s, %(t)s",
            {"t": HOSTILE + ATTRIBUTE},
        )
    return database_url


@pytest.mark.parametrize("label", SAMPLE_DAYS)
def test_p21_the_page_is_well_formed_and_needs_nothing_else(sample_url: str, label: str) -> None:
    page = page_of(sample_url, label)
    assert (page.wrong, page.open) == ([], [])
    assert len(page.ids) == len(set(page.ids))
    assert {tag for tag, _ in page.elements}.isdisjoint({"script", "iframe", "object", "embed", "form", "base"})
    for tag, name, value in page.links:
        if name == "style":
            assert "url(" not in value.replace("url(#", "")
        else:
            assert value == "data:," or value.startswith("#"), (tag, name, value)
    anchors = {value[1:] for tag, name, value in page.links if tag == "a" and name == "href"}
    assert anchors <= set(page.ids)
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]


@pytest.mark.parametrize("label", SAMPLE_DAYS)
def test_p21_the_page_can_be_used_without_seeing_it(sample_url: str, label: str) -> None:
    page = page_of(sample_url, label)
    by_tag: dict[str, list[dict[str, str | None]]] = {}
    for tag, attributes in page.elements:
        by_tag.setdefault(tag, []).append(attributes)
    assert by_tag["html"][0]["lang"] == "en"
    assert len(by_tag["h1"]) == len(by_tag["main"]) == len(by_tag["title"]) - len(by_tag["svg"]) == 1
    assert all(heading.get("scope") in {"col", "row"} for heading in by_tag["th"])
    for chart in by_tag["svg"]:
        assert chart["role"] == "img"
        assert set((chart["aria-labelledby"] or "").split()) <= set(page.ids)
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_p21_the_numbers_that_the_page_shows_are_the_figures(sample_url: str) -> None:
    report, page = read_report(sample_url, "day2"), page_of(sample_url, "day2")
    assert report.shown
    assert report.records
    for name in ("groups", "active_groups", "inactive_groups", "memberships", "agents", "active_agents"):
        assert page.figure(name) == getattr(report.shown, name)
    for kind in ("groups", "agents"):
        for what in ("read", "accepted", "rejected"):
            assert page.figure(f"{kind}_{what}") == getattr(report.records, f"{kind}_{what}")
    assert report.changes
    for kind, rows in report.changes.counts.items():
        assert page.figure(kind) == rows
    for code in report.findings:
        assert page.figure(code.code) == code.rows
    assert report.status.sentence in page.text
    assert "4 groups turned inactive, 1 group active again, 1 new group" in page.text


def test_p21_a_decision_shows_who_when_and_why(sample_url: str) -> None:
    page = page_of(sample_url, "day3")
    assert REASON in page.texts
    assert "Ada <ada@example.com>" in page.texts
    assert "What the day would change" in page.texts
    assert "would turn inactive" in page.texts


@pytest.mark.parametrize("label", ["day1", "day2", "day3"])
def test_p21_names_that_others_chose_are_text_and_nothing_else(hostile_url: str, label: str) -> None:
    html = render_page(read_report(hostile_url, label))
    page = read_page(html)
    assert (page.wrong, page.open) == ([], [])
    assert {tag for tag, _ in page.elements}.isdisjoint({"script", "img"})
    assert all(value == "data:," or value.startswith("#") for _, name, value in page.links if name != "style")
    assert HOSTILE in page.texts
    assert "{{ 7 * 7 }}" in page.texts
    assert RIGHT_TO_LEFT in page.texts
    assert EMOJI in page.texts
    assert LONG not in html
    assert "Ω" * 79 + "…" in page.texts
    inside = re.findall(rf"<(\w+)[^>]*>[^<]*{RIGHT_TO_LEFT}", html)
    assert set(inside) == {"bdi"}, "a name that is written from right to left turns nothing else round"
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", html)
    assert r"\u2069\u202eturned \u2067round" in page.texts


def test_p21_labels_of_days_are_text_in_charts_too() -> None:
    svg = draw_curve(Curve("Records <read>", ["<day>&1", "$a_b$"], [1, 2]))
    page = read_page(svg)
    assert (page.wrong, page.open) == ([], [])
    assert {"<day>&1", "$a_b$", "Records <read>"} <= set(page.texts)


@pytest.mark.parametrize(
    "values",
    [[], [None], [0], [5], [None, 3, None], [0, 0], [1_000_000, 1_000_001], [3e9, 1], list(range(90))],
    ids=str,
)
def test_p21_a_chart_follows_light_and_dark(values: list[float | None]) -> None:
    svg = draw_curve(Curve("Groups", [f"2026-11-{n:02}" for n in range(len(values))], values))
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b(?!-)|rgb|black|white", re.sub(r'(id|href|clip-path)="[^"]*"', "", svg))
    assert "nan" not in svg.lower()
    assert svg == draw_curve(Curve("Groups", [f"2026-11-{n:02}" for n in range(len(values))], values))


@pytest.mark.parametrize("label", SAMPLE_DAYS)
def test_p21_the_same_figures_make_the_same_bytes(sample_url: str, label: str) -> None:
    report = read_report(sample_url, label)
    assert render_page(report) == render_page(read_report(sample_url, label))


def test_p21_every_colour_has_a_value_for_light_and_for_dark(sample_url: str) -> None:
    html = render_page(read_report(sample_url, "day2"))
    style = html[html.index("<style>") : html.index("</style>")]
    light, dark = style.split("prefers-color-scheme: dark", 1)
    defined = set(re.findall(r"(--[\w-]+):", light))
    assert set(re.findall(r"var\((--[\w-]+)\)", html)) <= defined | {"--tone", "--back"}
    assert set(re.findall(r"(--[\w-]+):\s*#", light)) <= set(re.findall(r"(--[\w-]+):\s*#", dark.split("}", 1)[0]))


def contrast(first: str, second: str) -> float:
    """By WCAG 2."""

    def luminance(color: str) -> float:
        parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_p21_texts_stand_out_from_what_is_behind_them(sample_url: str) -> None:
    html = render_page(read_report(sample_url, "day2"))
    light, dark = html[html.index("<style>") : html.index("</style>")].split("prefers-color-scheme: dark", 1)
    for scheme in (light, dark.split("}", 1)[0]):
        colors = dict(re.findall(r"(--[\w-]+):\s*(#[0-9a-f]{6})\b", scheme))
        pairs = [
            (text, back) for text in ("--text", "--text-soft", "--link") for back in ("--page", "--card", "--shade")
        ]
        pairs += [(f"--{tone}", f"--{tone}-back") for tone in ("good", "wait", "bad", "quiet")]
        for text, back in pairs:
            assert contrast(colors[text], colors[back]) >= 4.5, (text, back)


def test_p21_a_large_tree_stays_small_and_says_what_is_left_out(database_url: str, tmp_path: Path) -> None:
    number = 6000
    groups = [group(n, [], None if n < 5 else n // 4, name=f"Group {n} {'ä' * 100}") for n in range(1, number + 1)]
    people = [agent(n) for n in range(1, 4)]
    sync_by_hand(database_url, "day1", write_day(tmp_path / "sync-day1", groups, people))
    groups[5000] = {**groups[5000], "agent_ids": [1]}
    sync_by_hand(database_url, "day2", write_day(tmp_path / "sync-day2", groups, people))
    report = read_report(database_url, "day2")
    assert report.tree
    shown = [group for top in report.tree.top for group in top.walk()]
    assert report.tree.groups == number
    assert TREE_GROUPS <= report.tree.shown == len(shown) <= MOST_GROUPS
    changed = next(group for group in shown if group.group_id == 5001)
    assert changed.marks == (Mark("groups_turned_active", "active again"), Mark("memberships_added", "1 joined"))
    children = dict.fromkeys(range(1, number + 1), 0)
    for record in groups:
        if record["parent_group_id"]:
            children[record["parent_group_id"]] += 1
    assert all(group.left_out + len(group.below) == children[group.group_id] for group in shown)
    html = render_page(report)
    assert len(html.encode()) < 2_000_000
    assert f"{report.tree.shown:,} of 6,000 groups are shown" in read_page(html).text
    assert re.search(r"… and \d+ more groups? with what is below", read_page(html).text)


def test_p21_a_page_of_long_texts_has_fewer_samples_and_says_so(sample_url: str) -> None:
    row = Change("groups_new", 1, '"' * 80, None, 2, "\U0001f600" * 80, '"' * 80, '"' * 80, None, None)
    finding = Finding("f", 1, 1, '"' * 80, 2, '"' * 80, '"' * 300, '"' * 300, True)
    report = replace(
        read_report(sample_url, "day2"),
        changes=Difference(
            "day1",
            "day2",
            dict.fromkeys(KINDS, 1000),
            tuple(replace(row, change=kind) for kind in KINDS for _ in range(100)),
        ),
        findings=tuple(FoundCode(code, "error", 1000, (finding,) * 25) for code in FindingCode),
    )
    html = render_page(report)
    assert 1_000_000 < len(html.encode()) < 2_000_000
    page = read_page(html)
    assert "The first 12 of 1,000 are shown." in page.text
    assert page.figure("groups_renamed") == page.figure("invalid_json") == 1000


def test_p21_a_reason_of_millions_of_signs_makes_no_larger_page(sample_url: str) -> None:
    report = read_report(sample_url, "day3")
    reason = "no snapshot, " * 300_000
    report = replace(
        report,
        status=replace(report.status, sentence=f"Ada has rejected day3: {reason}"),
        decisions=tuple(replace(decision, reason=reason) for decision in report.decisions),
    )
    assert len(render_page(report)) < 100_000


def test_p21_a_deep_chain_and_a_cycle_are_drawn(database_url: str, tmp_path: Path) -> None:
    chain = [group(n, [], n - 1 if n > 1 else None) for n in range(1, 200)]
    ring = [group(1001, [], 1003), group(1002, [], 1001), group(1003, [5], 1002), group(1004, [], 1004)]
    sync_by_hand(database_url, "day1", write_day(tmp_path / "sync-day1", [*chain, *ring], [agent(5)]))
    report = read_report(database_url, "day1")
    assert report.tree
    by_id = {group.group_id: group for top in report.tree.top for group in top.walk()}
    assert {1, 30, 1001, 1002, 1003, 1004} <= by_id.keys()
    assert by_id[1001].note == "on a cycle: its parent 1003 is below it"
    assert [by_id[n].left_out for n in (1001, 1002, 1003, 1004)] == [0, 0, 0, 0]
    assert by_id[31].left_out == 1
    assert report.tree.left_out == 0
    page = read_page(render_page(report))
    assert (page.wrong, page.open) == ([], [])


def test_p21_the_list_of_days_links_what_is_there(sample_url: str) -> None:
    page = read_page(render_index(read_statuses(sample_url), {"day2": "day2.html"}))
    assert (page.wrong, page.open) == ([], [])
    assert [value for tag, name, value in page.links if tag == "a"] == ["latest.html", "day2.html"]
    assert [text for text in page.texts if text in SAMPLE_DAYS] == ["day5", "day4", "day3", "day2", "day1"]
    assert "Rejected" in page.texts


def requests_of(page: Path, folder: Path) -> list[str]:
    """What a browser without a network asks for because of this page; its own requests have no page behind them."""
    log = folder / "net.json"
    subprocess.run(
        [
            "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
            "--disable-background-networking", "--disable-component-update", f"--user-data-dir={folder / 'profile'}",
            "--host-resolver-rules=MAP * ~NOTFOUND", f"--log-net-log={log}", "--dump-dom", page.as_uri(),
        ],
        capture_output=True, timeout=180, check=True,
    )  # fmt: skip
    events = [event.get("params", {}) for event in json.loads(log.read_text())["events"]]
    return [event["url"] for event in events if event.get("initiator", "not an origin") != "not an origin"]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Chromium, to open the page in")
def test_p21_no_request_leaves_a_browser_that_opens_the_page(hostile_url: str, tmp_path: Path) -> None:
    fingerprint = fingerprint_of(tmp_path / "sync-day2")
    decide(hostile_url, "day2", Verdict.REJECT, fingerprint=fingerprint, decided_by=ATTRIBUTE, reason=HOSTILE)
    page = tmp_path / "page.html"
    page.write_text(render_page(read_report(hostile_url, "day2")))
    assert requests_of(page, tmp_path) == []
    page.write_text("<!doctype html><title>one that asks</title><img src='https://evil.example.com/x'>")
    assert set(requests_of(page, tmp_path)) == {"https://evil.example.com/x"}
