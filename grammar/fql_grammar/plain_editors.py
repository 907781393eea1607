"""Colours for Vim and Emacs, whose rules are lists of words and a few patterns of their own kind.

Neovim and Emacs colour more finely by the tokens of the language server; these files colour what is
on the screen before it has answered, and without it.
"""

from __future__ import annotations

from collections.abc import Collection

from fql_grammar import tokens as table

_CONSTANTS = sorted(word for word, terminal in table.RESERVED.items() if terminal == "WORD")
_KEYWORDS = sorted(set(table.RESERVED) - set(_CONSTANTS))
_UNITS = sorted({*table.DURATION_UNITS, *table.SIZE_UNITS}, key=lambda unit: (-len(unit), unit))
_PRINTED = "Printed from fql_grammar.tokens by `python -m tests.accept`."


def vim_syntax() -> str:
    """The file `syntax/fql.vim`."""
    units = r"\|".join(_UNITS)
    after = "\\(\\s\\+[A-Za-z_\"']\\|\\s*{\\)"
    lines = [
        f'" Colours of fql for Vim and Neovim. {_PRINTED}',
        'if exists("b:current_syntax")',
        "  finish",
        "endif",
        r"syn match fqlName '\<\h\w*\>'",
        r"syn match fqlType '\<\u\w*\>'",
        r"syn match fqlKey '\<\h\w*\ze\s*?\?:'",
        r"syn match fqlAttribute '@\s*\h\w*'",
        rf"syn match fqlNumber '\<\d[0-9_]*\(\.\d[0-9_]*\)\?\({units}\)\?\>'",
        f"syn match fqlDeclaration !^\\s*\\zs\\({_vim(table.TOP_LEVEL)}\\)\\>\\ze{after}!",
        r"syn match fqlDeclaration '\<\h\w*\>\ze\s\+\h\w*\s*{'",
        f"syn keyword fqlKeyword {' '.join(_KEYWORDS)}",
        f"syn keyword fqlConstant {' '.join(_CONSTANTS)}",
        "syn match fqlHole '{{[^}]*}}' contained",
        "syn match fqlEnvironment '${\\h\\w*}' contained",
        "syn match fqlEscape '\\\\.' contained",
        "syn region fqlString start='\"' skip='\\\\.' end='\"' oneline contains=@fqlInside",
        "syn region fqlString start=\"'\" skip='\\\\.' end=\"'\" oneline contains=@fqlInside",
        'syn region fqlString start=\'"""\' end=\'"""\' contains=@fqlInside',
        'syn region fqlDoc start=\'^\\s*"""\' end=\'"""\'',
        "syn cluster fqlInside contains=fqlHole,fqlEnvironment,fqlEscape",
        "syn match fqlComment '#.*$'",
        *(f"hi def link {kind} {group}" for kind, group in _VIM_GROUPS),
        'let b:current_syntax = "fql"',
    ]
    return "".join(f"{line}\n" for line in lines)


_VIM_GROUPS = (
    ("fqlType", "Type"), ("fqlKey", "Identifier"), ("fqlAttribute", "PreProc"),
    ("fqlNumber", "Number"), ("fqlDeclaration", "Statement"), ("fqlKeyword", "Keyword"),
    ("fqlConstant", "Constant"), ("fqlHole", "Special"), ("fqlEnvironment", "PreProc"),
    ("fqlEscape", "SpecialChar"), ("fqlString", "String"), ("fqlDoc", "Comment"),
    ("fqlComment", "Comment"),
)  # fmt: skip


def _vim(words: Collection[str]) -> str:
    return r"\|".join(sorted(words))


def emacs_mode() -> str:
    """The file `fql-mode.el`."""
    units = "\\\\|".join(_UNITS)
    return _EMACS.format(
        printed=_PRINTED, units=units, constants=_quoted(_CONSTANTS), keywords=_quoted(_KEYWORDS),
        declarations=_quoted(sorted(table.TOP_LEVEL)),
    )  # fmt: skip


def _quoted(words: Collection[str]) -> str:
    return " ".join(f'"{word}"' for word in words)


_EMACS = """\
;;; fql-mode.el --- Colours of fql, and its language server  -*- lexical-binding: t -*-
;; {printed}

(defvar fql-mode-syntax-table
  (let ((table (make-syntax-table)))
    (modify-syntax-entry ?# "<" table)
    (modify-syntax-entry ?\\n ">" table)
    (modify-syntax-entry ?' "\\"" table)
    (modify-syntax-entry ?_ "w" table)
    table))

(defvar fql-font-lock-keywords
  `(("${{[A-Za-z_][A-Za-z0-9_]*}}" 0 font-lock-preprocessor-face t)
    (,(concat "^[ \\t]*" (regexp-opt '({declarations}) t) "[ \\t]+[A-Za-z_\\"'{{]")
     1 font-lock-keyword-face)
    ("\\\\<\\\\([A-Za-z_][A-Za-z0-9_]*\\\\)[ \\t]+[A-Za-z_][A-Za-z0-9_]*[ \\t]*{{"
     1 font-lock-keyword-face)
    (,(regexp-opt '({constants}) 'words) . font-lock-constant-face)
    ("\\\\<\\\\([A-Za-z_][A-Za-z0-9_]*\\\\)[ \\t]*\\\\??:" 1 font-lock-variable-name-face)
    (,(regexp-opt '({keywords}) 'words) . font-lock-keyword-face)
    ("@[ \\t]*[A-Za-z_][A-Za-z0-9_]*" . font-lock-preprocessor-face)
    ("\\\\<[A-Z][A-Za-z0-9_]*\\\\>" . font-lock-type-face)
    ("\\\\<[0-9][0-9_]*\\\\(?:\\\\.[0-9][0-9_]*\\\\)?\\\\(?:{units}\\\\)?\\\\>"
     . font-lock-constant-face)))

;;;###autoload
(define-derived-mode fql-mode prog-mode "fql"
  "Programs that say which webhooks are sent when a row changes."
  (setq-local comment-start "# ")
  (setq-local comment-start-skip "#+[ \\t]*")
  (setq-local indent-tabs-mode nil)
  (setq-local font-lock-defaults '(fql-font-lock-keywords)))

;;;###autoload
(add-to-list 'auto-mode-alist '("\\\\.fql\\\\'" . fql-mode))

(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs '(fql-mode . ("fqlc" "lsp"))))

(provide 'fql-mode)
;;; fql-mode.el ends here
"""
