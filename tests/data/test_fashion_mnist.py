"""Fashion-MNIST on disk and over real HTTP, whole and broken.

Most tests use four tiny files of the same format, with `FILES` told their MD5s; those that
need the published ones look for them where UNSTUCK_DATA says, and are skipped without it.
"""

import gzip
import hashlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from unstuck.data import fashion_mnist
from unstuck.data.fashion_mnist import FILES, Published
from unstuck.errors import CorruptData, DataError, DataNotFound

REAL = os.environ.get("UNSTUCK_DATA")
needs_files = pytest.mark.skipif(not REAL, reason="UNSTUCK_DATA names no Fashion-MNIST folder")
IMAGES, LABELS, TEST_IMAGES, TEST_LABELS = FILES


def idx(array: np.ndarray) -> bytes:
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    return gzip.compress(header + array.tobytes(), mtime=0)


RNG = np.random.default_rng(0)
ARRAYS = {
    IMAGES: RNG.integers(0, 256, (300, 28, 28), dtype=np.uint8),
    LABELS: RNG.integers(0, 10, 300, dtype=np.uint8),
    TEST_IMAGES: RNG.integers(0, 256, (20, 28, 28), dtype=np.uint8),
    TEST_LABELS: RNG.integers(0, 10, 20, dtype=np.uint8),
}
TINY = {name: idx(array) for name, array in ARRAYS.items()}
TINY_FILES = {name: Published(hashlib.md5(raw).hexdigest(), len(raw)) for name, raw in TINY.items()}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's data folder of this test's own; no proxy between it and its server."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("UNSTUCK_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(
        "platformdirs.user_data_dir", lambda *_, **__: str(tmp_path / "home" / "unstuck")
    )
    return tmp_path / "home" / "unstuck" / "fashion-mnist"


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fashion_mnist, "FILES", TINY_FILES)


def fill(folder: Path, files: dict[str, bytes] = TINY) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, raw in files.items():
        (folder / name).write_bytes(raw)
    return folder


@dataclass
class Server:
    """A web server on loopback that answers for each file as it is told."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=lambda: dict(TINY))
    manner: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    halfway: threading.Event = field(default_factory=threading.Event)
    resume: threading.Event = field(default_factory=threading.Event)

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        name = request.path.removeprefix("/")
        manner = self.manner.get(name, "whole")
        self.asked.append(name)
        raw = self.files[name]
        if manner == "404":
            request.send_error(404)
            return
        if manner == "web page":
            raw = b"<html>please log in</html>"
        request.send_response(200)
        if manner != "truncated, length unsaid":
            request.send_header("Content-Length", str(len(raw)))
        request.end_headers()
        half = len(raw) // 2
        request.wfile.write(raw[:half])
        request.wfile.flush()
        self.halfway.set()
        if manner == "stalled":
            self.resume.wait(30)
        elif not manner.startswith("truncated"):
            request.wfile.write(raw[half:])


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.answer(self)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        state.url = f"http://127.0.0.1:{http.server_address[1]}/"
        # A short poll: shutdown() waits for it.
        threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True).start()
        yield state
        state.resume.set()
        http.shutdown()


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("where", ["argument", "variable", "home"])
@pytest.mark.parametrize("below", ["", "fashion-mnist"])
def test_found_on_disk(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, where: str, below: str
) -> None:
    fill(home if where == "home" else tmp_path / "mine" / below)
    if where == "variable":
        monkeypatch.setenv("UNSTUCK_DATA", str(tmp_path / "mine"))
    given = str(tmp_path / "mine") if where == "argument" else None
    data = fashion_mnist.load(given, base_url="http://unused.invalid/")
    np.testing.assert_array_equal(data.x_train, ARRAYS[IMAGES].reshape(300, 784))
    np.testing.assert_array_equal(data.y_test, ARRAYS[TEST_LABELS])
    assert (data.x_train.dtype, data.y_train.dtype) == (np.uint8, np.int32)
    assert (data.feature_shape, data.classes) == ((28, 28), 10)


@pytest.mark.usefixtures("tiny")
def test_a_given_folder_without_the_files_is_not_filled(
    tmp_path: Path, home: Path, server: Server
) -> None:
    fill(home)  # nor is another place taken instead
    folder = fill(tmp_path / "mine", {name: TINY[name] for name in (IMAGES, LABELS)})
    with pytest.raises(DataNotFound) as raised:
        fashion_mnist.load(str(folder), server.url)
    said = str(raised.value)
    assert f"{folder} lacks {TEST_IMAGES}, {TEST_LABELS};" in said
    assert f"{folder / 'fashion-mnist'} lacks {IMAGES}, {LABELS}" in said
    assert server.asked == []


CORRUPT = {
    "truncated": (lambda raw: raw[:1000], "1000 bytes"),
    "empty": (lambda raw: b"", "0 bytes"),
    "one bit": (lambda raw: raw[:-9] + bytes([raw[-9] ^ 1]) + raw[-8:], "md5"),
    "unpacked": (gzip.decompress, r"start with b'\\x00\\x00\\x08\\x03'"),
    "web page": (lambda raw: b"<html>404</html>", "start with b'<htm'"),
    "another of the four": (lambda raw: TINY[TEST_IMAGES], TINY_FILES[TEST_IMAGES].md5),
}


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("how", CORRUPT)
def test_a_file_that_is_not_the_published_one(home: Path, how: str) -> None:
    change, said = CORRUPT[how]
    fill(home)
    (home / IMAGES).write_bytes(change(TINY[IMAGES]))
    with pytest.raises(CorruptData, match=said) as raised:
        fashion_mnist.load()
    md5, size = TINY_FILES[IMAGES]
    assert str(home / IMAGES) in raised.value.seen
    assert md5 in raised.value.expected
    assert f"{size} bytes" in raised.value.expected
    assert "delete it" in raised.value.todo


@pytest.mark.usefixtures("tiny")
def test_downloaded_once(home: Path, server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    first = fashion_mnist.load(base_url=server.url)
    assert server.asked == list(FILES)
    assert sorted(path.name for path in home.iterdir()) == sorted(FILES)
    assert fashion_mnist.load(base_url=server.url).fingerprint == first.fingerprint
    assert len(server.asked) == 4
    assert capfd.readouterr() == ("", "")  # bars are for terminals


@pytest.mark.usefixtures("tiny")
def test_a_terminal_sees_a_bar_per_file(
    server: Server, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    fashion_mnist.load(base_url=server.url)
    out, err = capfd.readouterr()
    assert out == ""
    assert all(name in err for name in FILES)


@pytest.mark.usefixtures("tiny")
def test_only_what_is_missing_is_downloaded(home: Path, server: Server) -> None:
    fill(home, {IMAGES: TINY[IMAGES], LABELS: TINY[LABELS]})
    fashion_mnist.load(base_url=server.url)
    assert server.asked == [TEST_IMAGES, TEST_LABELS]


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize(
    ("manner", "kind", "said"),
    [
        ("404", DataNotFound, "404"),
        ("truncated", DataNotFound, "IncompleteRead"),
        ("truncated, length unsaid", CorruptData, "is not the published file"),
        ("web page", CorruptData, "is not the published file"),
    ],
)
def test_a_failed_download_is_told_and_leaves_nothing_behind(
    home: Path, server: Server, manner: str, kind: type[DataError], said: str
) -> None:
    server.manner[TEST_IMAGES] = manner
    with pytest.raises(DataError, match=said) as raised:
        fashion_mnist.load(base_url=server.url)
    assert raised.type is kind
    assert server.url + TEST_IMAGES in raised.value.seen
    assert str(home) in raised.value.todo
    assert "--data digits" in raised.value.todo
    assert sorted(path.name for path in home.iterdir()) == sorted([IMAGES, LABELS])

    server.manner.clear()
    assert fashion_mnist.load(base_url=server.url).classes == 10


@pytest.mark.usefixtures("tiny")
def test_no_network(home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("UNSTUCK_DATA", str(tmp_path / "mine"))
    nobody = "http://127.0.0.1:1/"  # a port that nothing listens on
    with pytest.raises(DataNotFound, match="cannot be downloaded") as raised:
        fashion_mnist.load(base_url=nobody)
    assert nobody in raised.value.seen
    assert str(tmp_path / "mine" / "fashion-mnist") in raised.value.expected
    assert str(home) in raised.value.todo
    assert list(home.iterdir()) == []


@pytest.mark.usefixtures("tiny")
def test_a_folder_that_cannot_be_written(home: Path, server: Server) -> None:
    home.parent.parent.mkdir()
    home.parent.write_text("a file where a folder should be")
    with pytest.raises(DataError, match="cannot be written to"):
        fashion_mnist.load(base_url=server.url)


def test_interrupted_download_leaves_nothing_half_written(home: Path, server: Server) -> None:
    server.manner[IMAGES] = "stalled"
    code = (
        "from unstuck.data import fashion_mnist as f\n"
        "from unstuck.data.fashion_mnist import Published\n"
        f"f.FILES = {TINY_FILES!r}\n"
        f"f.load(base_url={server.url!r})"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)
    try:
        assert server.halfway.wait(20)
        process.send_signal(signal.SIGINT)
        assert "KeyboardInterrupt" in process.communicate(timeout=20)[1]
    finally:
        process.kill()
    assert list(home.iterdir()) == []


@needs_files
def test_the_published_files_over_http(home: Path, server: Server) -> None:
    folder = next(path.parent for path in Path(str(REAL)).rglob(IMAGES))
    server.files = {name: (folder / name).read_bytes() for name in FILES}
    data = fashion_mnist.load(base_url=server.url)
    assert sorted(path.name for path in home.iterdir()) == sorted(FILES)
    assert data.x_train.shape == (60_000, 784)
    assert data.x_test.shape == (10_000, 784)
    np.testing.assert_array_equal(np.bincount(data.y_train), [6000] * 10)
    np.testing.assert_array_equal(np.bincount(data.y_test), [1000] * 10)
    # 0.2860: the mean that PyTorch examples normalize Fashion-MNIST with.
    assert data.x_train.mean() / 255 == pytest.approx(0.2860, abs=1e-4)
