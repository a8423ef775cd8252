"""Key files: private when written, validated when read."""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path

import pytest
import zmq
import zmq.auth
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from edge.errors import OutputError
from edge.wire.keys import new_keys
from meshcast.errors import KeyFileError
from meshcast.transport.curve import Keys, read_keys, read_public

PUBLIC, SECRET = zmq.curve_keypair()
OTHER, _ = zmq.curve_keypair()
WHOLE = f'metadata\n    name = "a"\ncurve\n    public-key = "{PUBLIC.decode()}"\n    secret-key = "{SECRET.decode()}"\n'


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "some.key"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(0o600)
    return path


def test_new_keys_are_read_back(tmp_path: Path) -> None:
    secret, public = new_keys(tmp_path / "headset.2")
    assert (secret.name, public.name) == ("headset.2.key", "headset.2.pub")
    keys = read_keys(secret)
    assert zmq.curve_public(keys.secret) == keys.public
    assert read_public(public) == read_public(secret) == keys.public
    assert keys.secret not in public.read_bytes()


def test_new_keys_differ_each_time(tmp_path: Path) -> None:
    assert read_keys(new_keys(tmp_path / "a")[0]) != read_keys(new_keys(tmp_path / "b")[0])


def test_new_keys_secret_file_is_never_readable_by_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, int, int]] = []
    link = os.link

    def watched(source: str, target: Path) -> None:
        info = os.stat(source)
        seen.append((target.name, stat.S_IMODE(info.st_mode), info.st_size))
        link(source, target)

    monkeypatch.setattr(os, "link", watched)
    before = os.umask(0)
    try:
        secret, public = new_keys(tmp_path / "a")
    finally:
        os.umask(before)
    assert seen[0] == ("a.key", 0o600, secret.stat().st_size)
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert stat.S_IMODE(public.stat().st_mode) == 0o644


@pytest.mark.parametrize("there", ["a.key", "a.pub"])
def test_new_keys_existing_file_is_kept_and_no_partial_pair_left(tmp_path: Path, there: str) -> None:
    (tmp_path / there).write_text("mine")
    with pytest.raises(OutputError, match=rf"{there}: exists already and is kept; choose another name"):
        new_keys(tmp_path / "a")
    assert [path.name for path in tmp_path.iterdir()] == [there]
    assert (tmp_path / there).read_text() == "mine"


def test_new_keys_dangling_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a.key").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputError, match="exists already"):
        new_keys(tmp_path / "a")
    assert not (tmp_path / "elsewhere").exists()


def test_new_keys_missing_folder_raises_output_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"the folder .* does not exist; make it first"):
        new_keys(tmp_path / "no" / "a")


def test_new_keys_full_disk_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = os.link

    def full(source: str, target: Path) -> None:
        if target.suffix == ".pub":
            raise OSError(28, "No space left on device")
        link(source, target)

    monkeypatch.setattr(os, "link", full)
    with pytest.raises(OutputError, match=r"a\.pub: cannot be written: No space left on device"):
        new_keys(tmp_path / "a")
    assert not list(tmp_path.iterdir())


def test_read_keys_is_compatible_with_pyzmq(tmp_path: Path) -> None:
    public, secret = zmq.auth.create_certificates(tmp_path, "theirs", metadata={"email": "a = b # c"})
    assert (read_public(public), read_keys(secret).secret) == zmq.auth.load_certificate(secret)
    ours, ours_public = new_keys(tmp_path / "ours")
    keys = read_keys(ours)
    assert zmq.auth.load_certificate(ours) == (keys.public, keys.secret)
    assert zmq.auth.load_certificate(ours_public) == (keys.public, None)


def test_read_keys_secret_readable_by_others_logs_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = written(tmp_path, WHOLE)
    with caplog.at_level(logging.WARNING):
        read_keys(path)
        assert not caplog.messages
        path.chmod(0o640)
        read_keys(path)
    assert caplog.messages == [f"{path}: other users of this machine can read this secret key; use chmod 600"]


@pytest.mark.parametrize(
    "text",
    [
        WHOLE.replace("\n", "\r\n"),
        "\ufeff" + WHOLE,
        WHOLE.replace('"', "'"),
        WHOLE.replace("    ", "\t"),
        "# comment\n\n" + WHOLE.replace('"\n', '"  # comment\n'),
        WHOLE + '    note = "of another version"\nmore\n    public-key = "elsewhere"\n',
    ],
)
def test_read_keys_accepts_variants_of_the_format(tmp_path: Path, text: str) -> None:
    assert read_keys(written(tmp_path, text)) == Keys(PUBLIC, SECRET)


FOREIGN = "not a key file, or damaged; make keys with meshcast keys new"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", FOREIGN),
        (b"\xff\xfe\x00", FOREIGN),
        (b"x" * 100_000, FOREIGN),
        (WHOLE + "#" * 20_000, FOREIGN),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n", FOREIGN),
        (WHOLE.replace("curve", "curves"), FOREIGN),
        (WHOLE.replace("public-key", "public_key"), FOREIGN),
        (WHOLE.replace('"', ""), FOREIGN),
        (WHOLE + f'    secret-key = "{SECRET.decode()}"\n', FOREIGN),
        (WHOLE[: WHOLE.index("secret-key")] + "secret-ke", FOREIGN),
        (WHOLE[: WHOLE.index("    secret-key")], "holds a public key only; name the secret file of the pair, NAME.key"),
        (WHOLE.replace(SECRET.decode(), SECRET.decode()[:-1]), "its secret-key has 39 characters instead of 40"),
        (WHOLE.replace(PUBLIC.decode(), PUBLIC.decode() + "a"), "its public-key has 41 characters instead of 40"),
        (WHOLE.replace(PUBLIC.decode(), ""), "its public-key has 0 characters instead of 40"),
        (WHOLE.replace(SECRET.decode(), "~" * 40), "its secret-key is not Z85 text"),
        (WHOLE.replace(SECRET.decode(), "#" * 40), "its secret-key is not Z85 text"),  # groups beyond 32 bits
        (WHOLE.replace(SECRET.decode(), "é" * 40), "its secret-key is not Z85 text"),
        (WHOLE.replace(PUBLIC.decode(), OTHER.decode()), "its public key is not that of its secret key"),
    ],
    ids=lambda _: "file",  # not what it holds: keys are new in each process
)
def test_read_keys_bad_file_raises_one_line_without_the_secret(tmp_path: Path, text: str | bytes, message: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(KeyFileError) as caught:
        read_keys(path)
    line = str(caught.value)
    assert line.startswith(f"{path}: ")
    assert message in line
    assert "\n" not in line
    assert SECRET.decode()[:8] not in line


def test_read_keys_missing_file_raises_key_file_error(tmp_path: Path) -> None:
    for read in (read_keys, read_public):
        with pytest.raises(KeyFileError, match="there is no such file; make keys with meshcast keys new"):
            read(tmp_path / "none.key")
        with pytest.raises(KeyFileError, match="is not an ordinary file"):
            read(tmp_path)


def test_read_keys_pipe_is_rejected_without_blocking(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.key")
    with pytest.raises(KeyFileError, match="is not an ordinary file"):
        read_keys(tmp_path / "a.key")


def test_keys_repr_omits_the_secret() -> None:
    assert SECRET.decode() not in repr(Keys(PUBLIC, SECRET))


DATA = WHOLE.encode()
CHANGES = st.lists(st.tuples(st.integers(0, len(DATA) - 1), st.binary(max_size=3), st.integers(0, 3)), max_size=4)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(changes=[])
@given(changes=CHANGES)
def test_read_keys_changed_bytes_give_the_same_keys_or_an_error(
    tmp_path: Path, changes: list[tuple[int, bytes, int]]
) -> None:
    data = DATA
    for at, new, old in changes:
        data = data[:at] + new + data[at + old :]
    path = written(tmp_path, data)
    try:
        read = read_keys(path)
    except KeyFileError as error:
        read, line = None, str(error)
    assert read == Keys(PUBLIC, SECRET) or (data != DATA and "\n" not in line)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=300) | st.text(max_size=300).map(lambda text: b"curve\n " + text.encode()))
def test_read_keys_arbitrary_bytes_raise_key_file_error(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(KeyFileError):
        read_public(written(tmp_path, data))
