"""Node's answers, for `make oracles`: `python -m tests.lsp.oracles` asks VS Code's own library
about the stories of `texts` and keeps what it says."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from tests.lsp.test_documents import VERDICTS
from tests.lsp.texts import story

HERE = Path(__file__).parent
LIBRARY = "vscode-languageserver-textdocument@1.0.16"
STORIES = 60


def installed(folder: Path, *packages: str) -> Path:
    """A folder with packages of npm in it."""
    folder.mkdir(parents=True, exist_ok=True)
    npm = ["npm", "install", "--no-audit", "--no-fund", "--no-save", "--silent", "--prefix"]
    subprocess.run([*npm, str(folder), *packages], check=True, timeout=300)
    return folder / "node_modules"


def main(count: int = STORIES) -> None:
    """Ask, and write the golden file."""
    folder = Path(os.environ.get("FQL_NODE_FOLDER", HERE.parents[1] / ".node")) / "textdocument"
    modules = installed(folder, LIBRARY)
    stories = [story(seed) for seed in range(count)]
    given = "\n".join(json.dumps({"text": s.text, "changes": s.changes}) for s in stories)
    done = subprocess.run(
        ["node", str(HERE / "oracle.mjs"), str(modules.parent)],
        input=given, capture_output=True, text=True, encoding="utf-8", check=True, timeout=300,
    )  # fmt: skip
    VERDICTS.write_text(done.stdout, "utf-8")


if __name__ == "__main__":
    main()
