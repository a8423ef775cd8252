from __future__ import annotations

from pathlib import Path

import pytest

from edge.cli.fleet_file import check_fleet, read_fleet
from edge.errors import ConfigError
from edge.fleet.config import PortRange, Resources

GOOD = """
[fleet]
publish = "tcp://127.0.0.1:5556"
ray = "10.0.0.2:6379"
host = "node"
ports = "5600-5699"
standby = 2
cpus = 2
resources = { building = 1 }

[playback]
loop = true

[monitoring]
metrics = "127.0.0.1:9464"

[[source]]
uri = "synthetic:"
name = "door"

[[source]]
uri = "rtsp://user:secret@10.0.0.9/ch1"
name = "yard"
cpus = 4
gpus = 0.5
resources = { gate = 2 }
fov = 75
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "fleet.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_read_fleet_has_cameras_with_their_resources(tmp_path: Path) -> None:
    fleet = read_fleet(written(tmp_path, GOOD))
    assert (fleet.publish, fleet.ray, fleet.host) == ("tcp://127.0.0.1:5556", "10.0.0.2:6379", "node")
    assert (fleet.ports, fleet.standby, fleet.metrics) == (PortRange(5600, 5699), 2, "127.0.0.1:9464")
    door, yard = fleet.cameras
    assert (door.name, door.resources) == ("door", Resources(2, 0, (("building", 1.0),)))
    assert yard.resources == Resources(4, 0.5, (("gate", 2.0),))
    assert (door.run.models.threads, yard.run.models.threads) == (2, 4)
    assert yard.run.cameras[0].fov_deg == 75
    assert door.run.sources.playback[0].loop
    assert door.run.monitoring.metrics is None


def test_fingerprint_changes_with_what_a_camera_runs_only(tmp_path: Path) -> None:
    before = read_fleet(written(tmp_path, GOOD)).cameras
    after = read_fleet(written(tmp_path, GOOD.replace("fov = 75", "fov = 76").replace("9464", "9465"))).cameras
    assert before[0].fingerprint == after[0].fingerprint
    assert before[1].fingerprint != after[1].fingerprint


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('host = "node"', 'hots = "node"', "fleet.hots: no such key (did you mean host?)"),
        ("fov = 75", "fvo = 75", "source[2].fvo: no such key (did you mean fov?)"),
        ("[playback]", "[playbak]", "playbak: no such table (did you mean playback?)"),
        ('name = "yard"', 'name = "door"', "door: two cameras on one topic (synthetic: and rtsp://10.0.0.9/ch1)"),
        ('"5600-5699"', '"5699-5600"', "fleet.ports: '5699-5600' is no range of ports"),
        ('ray = "10.0.0.2:6379"', 'ray = ""', ""),
        ("standby = 2", "standby = true", "fleet.standby: True is not a whole number from 0 to 64"),
        ("standby = 2", "standby = 65", "fleet.standby: 65 is not a whole number from 0 to 64"),
        ("cpus = 4", "cpus = -1", "source[2].cpus: -1 is not a number from 0 to 4096"),
        ("resources = { gate = 2 }", "resources = 2", "source[2].resources: is not a table"),
        ("[playback]", '[outputs]\nsave = "a.npz"\n[playback]', "outputs: not in the file of a fleet; cameras"),
        ("[playback]", '[publish]\naddress = "tcp://127.0.0.1:1"\n[playback]', "publish.address: not in the file"),
        ('publish = "tcp://127.0.0.1:5556"', "", "fleet.publish: missing"),
        ("127.0.0.1:5556", "*:5556", "refusing to bind a public address without encryption"),
        ("127.0.0.1:5556", "here", "tcp://here: not an address"),
        ("[playback]", '[security]\ncurve = "none.key"\nallow = "."\n[playback]', "none.key: there is no such file"),
        ('uri = "synthetic:"', 'uri = "synthetic:"\ncamera = "none.toml"', "none.toml"),
        ("[fleet]", "[flet]", "fleet: missing; add [fleet]"),
        ("[fleet]", "[fleet", "not a fleet"),
    ],
)
def test_read_fleet_wrong_file_is_one_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    path = written(tmp_path, GOOD.replace(old, new))
    if not said:
        assert read_fleet(path).ray == ""
        return
    with pytest.raises(ConfigError) as caught:
        read_fleet(path)
    assert str(path) in str(caught.value)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_read_fleet_too_few_ports_of_this_machine(tmp_path: Path) -> None:
    text = GOOD.replace('ray = "10.0.0.2:6379"', "").replace("5600-5699", "5600")
    with pytest.raises(ConfigError, match=r"fleet\.ports: 5600-5600 has 1 ports for 2 cameras"):
        read_fleet(written(tmp_path, text))


def test_check_fleet_lists_all_problems(tmp_path: Path) -> None:
    text = GOOD.replace("fov = 75", "fvo = 75").replace("[fleet]", "[fleet]\nwho = 1")
    problems, fleet = check_fleet(written(tmp_path, text))
    assert fleet is None
    assert len(problems) == 2
