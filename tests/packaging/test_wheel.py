"""The wheel, built and installed apart, works without the source tree: what CI and users get is what was tested."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "reconciler", "schemas", "examples")


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """A wheel, and the folder that it was installed into."""

    wheel: Path
    folder: Path
    work: Path

    def run(self, *words: str, code: int = 0) -> str:
        """Run the installed script in an empty folder, with the dependencies and without the source tree."""
        done = self._python([str(self.folder / "bin" / "reconciler"), *words])
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout

    def tells(self, program: str) -> str:
        """Run a line of Python over the installed package."""
        done = self._python(["-c", program])
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def _python(self, words: Sequence[str]) -> subprocess.CompletedProcess[str]:
        # -S: no site, so that the .pth file of the editable install, which names the source tree, is not read.
        path = f"{self.folder}:{sysconfig.get_path('purelib')}:{sysconfig.get_path('platlib')}"
        environment = {"PYTHONPATH": path, "PATH": "/usr/bin:/bin", "HOME": str(self.work), "COLUMNS": "100"}
        return subprocess.run(
            [sys.executable, "-S", "-P", *words],
            cwd=self.work,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Build the wheel from a copy of the tree, and install it into a folder of its own."""
    base = tmp_path_factory.mktemp("wheel")
    tree, folder, work = base / "tree", base / "installed", base / "work"
    tree.mkdir()
    work.mkdir()
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, tree / name)
    build = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(base / "dist"), str(tree)]
    subprocess.run(build, check=True, capture_output=True, timeout=120)
    [wheel] = (base / "dist").glob("*.whl")
    install = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--no-compile", "--quiet"]
    subprocess.run([*install, "--target", str(folder), str(wheel)], check=True, capture_output=True, timeout=120)
    return Installed(wheel=wheel, folder=folder, work=work)


def test_what_is_inside(installed: Installed) -> None:
    """The wheel has the package, the schemas and the example, and neither tests nor caches."""
    with zipfile.ZipFile(installed.wheel) as opened:
        names = set(opened.namelist())
    inside = {name for name in names if name.startswith("reconciler/")}
    for schema in (ROOT / "schemas").iterdir():
        assert f"reconciler/schemas/{schema.name}" in inside
    assert "reconciler/examples/clients.yaml" in inside
    sources = {str(file.relative_to(ROOT)) for file in (ROOT / "reconciler").rglob("*.py")}
    assert sources <= inside
    assert {f"reconciler/reports/page.{ending}" for ending in ("html.j2", "css", "js")} <= inside
    assert {str(file.relative_to(ROOT)) for file in (ROOT / "reconciler" / "explanations").glob("*.toml")} <= inside
    tops = {name.partition("/")[0] for name in names}
    assert tops == {"reconciler", next(name for name in tops if name.endswith(".dist-info"))}
    assert not [name for name in names if "__pycache__" in name or "test" in name.rpartition("/")[2]]


def test_it_says_that_it_is_typed(installed: Installed) -> None:
    """The classifier `Typing :: Typed` is true: the marker that type checkers look for is in the wheel."""
    with zipfile.ZipFile(installed.wheel) as opened:
        assert "reconciler/py.typed" in opened.namelist()


def test_metadata(installed: Installed) -> None:
    """Name, licence, readme, Python and the one script are told."""
    with zipfile.ZipFile(installed.wheel) as opened:
        [metadata] = [name for name in opened.namelist() if name.endswith(".dist-info/METADATA")]
        told = opened.read(metadata).decode()
        scripts = opened.read(metadata.replace("METADATA", "entry_points.txt")).decode()
    assert "Name: freshbooks-reconciler\n" in told
    assert "Requires-Python: >=3.11\n" in told
    assert "License-File: LICENSE" in told
    assert (ROOT / "README.md").read_text(encoding="utf-8").splitlines()[0] in told
    assert "reconciler = reconciler.cli.main:main" in scripts


def test_the_source_tree_is_not_used(installed: Installed) -> None:
    """What runs below is the installed package."""
    assert Path(installed.tells("import reconciler; print(reconciler.__file__)")).parent.parent == installed.folder
    assert str(ROOT) not in installed.tells("import sys; print(sys.path)").replace(sysconfig.get_path("purelib"), "")


def test_version(installed: Installed) -> None:
    """The installed program knows its version: that of the wheel's name."""
    assert installed.run("--version").split() == ["reconciler", installed.wheel.name.split("-")[1]]


@pytest.mark.parametrize("name", ["clients", "settings", "user", "plan", "state", "events"])
def test_schemas(installed: Installed, name: str) -> None:
    """It prints its schemas, and they are those of the repository."""
    repository = (ROOT / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8")
    printed = json.loads(installed.run("schema", name))
    assert printed.pop("$comment").startswith("Copied from reconciler ")
    assert printed == json.loads(repository)


def test_it_makes_a_folder_ready(installed: Installed) -> None:
    """The files of `init` come from the wheel: schemas, and the pipelines among the examples."""
    installed.run("init", "studio", "--ci", "gitlab")
    made = installed.work / "studio"
    pipeline = ROOT / "examples" / "ci" / "gitlab-ci.yml"
    assert (made / ".gitlab-ci.yml").read_text(encoding="utf-8") == pipeline.read_text(encoding="utf-8")
    assert installed.run("--chdir", "studio", "validate") == "Valid: 0 clients, 0 contacts.\n"


def test_it_validates_its_example(installed: Installed) -> None:
    """The example inside is valid, and so would be a copy of it."""
    example = installed.folder / "reconciler" / "examples" / "clients.yaml"
    assert installed.run("validate", str(example)).startswith("Valid: 10 clients")


def test_it_finds_mistakes(installed: Installed) -> None:
    """A wrong file is told as such, with exit code 3: the schemas are found and used."""
    (installed.work / "wrong.yaml").write_text("version: 1\nclients:\n  acme: {organisation: A}\n", encoding="utf-8")
    assert installed.run("validate", "wrong.yaml", code=3) == ""


def test_it_writes_the_page(installed: Installed) -> None:
    """The HTML report finds its template, style and script in the installed package."""
    page = installed.tells(
        "from reconciler.core.change import Plan; from reconciler.reports.html import render_html; "
        "from reconciler.reports.options import RenderOptions; "
        "print(render_html(Plan(account='Ab12Cd'), RenderOptions()))"
    )
    assert page.startswith("<!doctype html>")
    assert "Nothing to change" in page


def test_the_demo_runs(installed: Installed) -> None:
    """The demo, with its server, its plan and its apply, runs end to end."""
    told = installed.run("demo")
    assert "Apply complete! Resources: 15 added, 0 changed, 0 destroyed." in told
    assert "No changes. Your account matches the configuration." in told
    assert "Plan: 0 to add, 1 to change, 0 to destroy." in told
