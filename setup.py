"""Puts the presets into the backend's wheel, as `dreamface/presets`; all else is in pyproject.toml."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

PRESETS = Path(__file__).resolve().parent / "presets"


class BuildWithPresets(build_py):
    """Copies the presets beside the modules; an editable install finds them in the checkout."""

    def run(self) -> None:
        """Build the packages, then add the presets."""
        super().run()
        if not self.editable_mode:
            target = Path(self.build_lib, "dreamface", "presets")
            shutil.rmtree(target, ignore_errors=True)  # of an earlier build
            shutil.copytree(PRESETS, target, ignore=shutil.ignore_patterns(".*"))


setup(cmdclass={"build_py": BuildWithPresets})
