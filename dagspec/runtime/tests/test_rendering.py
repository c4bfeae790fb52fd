"""Literals and days."""

from __future__ import annotations

from datetime import date

import pytest

from chronon_rt.definitions import Bundled, Ds, Partition
from chronon_rt.rendering import Place, UnusableArgument, command_line, fill, partition_name, partition_spec, text

DAY = date(2026, 3, 1)
PLACE = Place("/dags/_chronon_rt")
HOSTILE = ["{{7*7}}", "{%raw%}", "$(id)", "`id`", ";reboot", "'\"", "{ds}", "%s", "\\n", "{{ds}}"]


def test_a_day_is_shifted_and_laid_out() -> None:
    assert text(Ds(), DAY) == "2026-03-01"
    assert text(Ds(-1), DAY) == "2026-02-28"
    assert text(Ds(1, "%Y%m%d"), DAY) == "20260302"


def test_a_bundled_file_lies_below_the_support_folder() -> None:
    assert (
        text(Bundled("confs/00ff/production/joins/p/c.v1"), DAY, PLACE)
        == "/dags/_chronon_rt/confs/00ff/production/joins/p/c.v1"
    )


def test_a_bundled_file_cannot_be_part_of_a_partition() -> None:
    with pytest.raises(ValueError, match="command lines"):
        text(Bundled("x"), DAY)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_strings_are_just_strings(hostile: str) -> None:
    assert command_line(["python3", hostile, Ds()], DAY, PLACE) == ["python3", hostile, "2026-03-01"]


@pytest.mark.parametrize("value", ["a b", "a\tb", "a\n", "\u00a0"])
def test_white_space_is_refused_because_run_py_splits_on_it(value: str) -> None:
    with pytest.raises(UnusableArgument, match="argument 2 .* splits its command on white space"):
        command_line(["python3", "-m", value], DAY, PLACE)


def test_only_options_that_are_commands_may_have_white_space() -> None:
    argv = [
        "/opt/my python/bin/python",
        "run.py",
        "--list-apps",
        "python3 scripts/list.py --all",
        "--mode",
        "streaming",
    ]
    assert command_line(argv, DAY, PLACE) == argv


def test_partitions_are_named_as_hive_names_them() -> None:
    partition = Partition("ns.t", (("ds", (Ds(-1),)), ("name", ("team/", "rest")), ("hr", (Ds(0, "%Y"), "-00"))))
    assert partition_spec(partition, DAY) == "ds=2026-02-28/name=team/rest/hr=2026-00"
    assert partition_name(partition, DAY) == "ns.t/ds=2026-02-28/name=team/rest/hr=2026-00"
    assert (partition_spec(Partition("ns.t"), DAY), partition_name(Partition("ns.t"), DAY)) == ("", "ns.t")


def test_filling_replaces_known_names_only_and_only_once() -> None:
    assert fill(["{table}", "x={ds}{other}", "{{ds}}"], {"table": "{ds}", "ds": "D"}) == ["{ds}", "x=D{other}", "{D}"]
