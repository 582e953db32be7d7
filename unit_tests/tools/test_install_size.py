"""What an installation weighs: the versions of the lock, without its hashes."""

from pathlib import Path

from tools.install_size import pins

LOCK = """\
colorama==0.4.6 ; sys_platform == 'win32' \\
    --hash=sha256:08695f5cb7ed6e0531a20572697297273c47b8cae5a63ffc6d6ed5c201be6e44 \\
    --hash=sha256:4f1d9991f5acc0ca119f9d443620b77f9d6b33703e51011c16baf57afb285fc6
idna==3.10 \\
    --hash=sha256:12f65c9b470abda6dc35cf8e63cc574b1c52b11df2c86030af0ac09b01b13ea9
"""


def test_pins_keep_version_and_marker_alone():
    assert pins(LOCK) == "colorama==0.4.6 ; sys_platform == 'win32'\nidna==3.10\n"


def test_every_package_of_the_lock_is_pinned():
    lock = Path("requirements-dev.txt").read_text(encoding="utf-8")
    assert len(pins(lock).splitlines()) == sum("==" in line for line in lock.splitlines())
