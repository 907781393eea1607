"""`python -m tests.accept`: write all files that are generated from the code.

Goldens of diagnostics and stages, pages and schemas of the reference, man pages, and the grammar
for editors.
Look at the difference before you commit it.
"""

from __future__ import annotations

from pathlib import Path

from fql.exact.writing import pretty_json
from fql.published.schemas import schema_text
from fql_grammar.plain_editors import emacs_mode, vim_syntax
from fql_grammar.textmate import textmate_grammar
from fqlc.checks.table.reference import keys_page
from tests.golden.rendering import DIAGNOSTICS, STAGES, diagnostic_goldens, stage_goldens
from tests.services.asking import SERVICES, answered
from tests.services.reading import HERE as CASES

ROOT = Path(__file__).parent.parent
KEYS = ROOT / "docs" / "reference" / "keys.md"
EDITORS = ROOT / "grammar" / "editors"
SETTINGS_SCHEMA = EDITORS / "vscode" / "fql-toml.schema.json"
TEXTMATE = ROOT / "grammar" / "fql_grammar" / "fql.tmLanguage.json"


def expected_files() -> dict[Path, str]:
    """Every printed file with its content."""
    return {
        KEYS: keys_page(),
        TEXTMATE: pretty_json(textmate_grammar()).decode(),
        EDITORS / "vim" / "syntax" / "fql.vim": vim_syntax(),
        EDITORS / "emacs" / "fql-mode.el": emacs_mode(),
        SETTINGS_SCHEMA: schema_text("fql-toml/1"),
        **{DIAGNOSTICS / f"{name}.txt": text for name, text in diagnostic_goldens().items()},
        **{CASES / f"{service}.txt": answered(service) for service in SERVICES},
        **{STAGES / f"{name}.md": text for name, text in stage_goldens().items()},
    }


def reference_files() -> dict[Path, str]:
    """Pages of codes and commands, and schemas: folders of the reference that hold nothing else.
    Apart from the others, as every command is imported for them."""
    from tests.docs import code_pages, man_pages, schemas

    return {
        room.FOLDER / name: text
        for room in (code_pages, man_pages, schemas)
        for name, text in room.files().items()
    }


def main() -> None:
    """Write what differs and remove what is not printed any more."""
    reference = reference_files()
    files = {**expected_files(), **reference}
    for folder in {DIAGNOSTICS, STAGES, *(path.parent for path in reference)}:
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.iterdir():
            if path not in files and path.name != "README.md":
                path.unlink()
                print(f"removed {path.relative_to(ROOT)}")
    for path, text in files.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
