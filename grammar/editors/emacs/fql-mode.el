;;; fql-mode.el --- Colours of fql, and its language server  -*- lexical-binding: t -*-
;; Printed from fql_grammar.tokens by `python -m tests.accept`.

(defvar fql-mode-syntax-table
  (let ((table (make-syntax-table)))
    (modify-syntax-entry ?# "<" table)
    (modify-syntax-entry ?\n ">" table)
    (modify-syntax-entry ?' "\"" table)
    (modify-syntax-entry ?_ "w" table)
    table))

(defvar fql-font-lock-keywords
  `(("${[A-Za-z_][A-Za-z0-9_]*}" 0 font-lock-preprocessor-face t)
    (,(concat "^[ \t]*" (regexp-opt '("defaults" "endpoint" "entity" "enum" "import" "let" "observer" "retry" "test" "type") t) "[ \t]+[A-Za-z_\"'{]")
     1 font-lock-keyword-face)
    ("\\<\\([A-Za-z_][A-Za-z0-9_]*\\)[ \t]+[A-Za-z_][A-Za-z0-9_]*[ \t]*{"
     1 font-lock-keyword-face)
    (,(regexp-opt '("false" "null" "true") 'words) . font-lock-constant-face)
    ("\\<\\([A-Za-z_][A-Za-z0-9_]*\\)[ \t]*\\??:" 1 font-lock-variable-name-face)
    (,(regexp-opt '("AND" "IN" "NOT" "OR" "each" "else" "if" "in" "not" "then") 'words) . font-lock-keyword-face)
    ("@[ \t]*[A-Za-z_][A-Za-z0-9_]*" . font-lock-preprocessor-face)
    ("\\<[A-Z][A-Za-z0-9_]*\\>" . font-lock-type-face)
    ("\\<[0-9][0-9_]*\\(?:\\.[0-9][0-9_]*\\)?\\(?:GiB\\|KiB\\|MiB\\|TiB\\|GB\\|KB\\|MB\\|TB\\|ms\\|B\\|d\\|h\\|m\\|s\\)?\\>"
     . font-lock-constant-face)))

;;;###autoload
(define-derived-mode fql-mode prog-mode "fql"
  "Programs that say which webhooks are sent when a row changes."
  (setq-local comment-start "# ")
  (setq-local comment-start-skip "#+[ \t]*")
  (setq-local indent-tabs-mode nil)
  (setq-local font-lock-defaults '(fql-font-lock-keywords)))

;;;###autoload
(add-to-list 'auto-mode-alist '("\\.fql\\'" . fql-mode))

(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs '(fql-mode . ("fqlc" "lsp"))))

(provide 'fql-mode)
;;; fql-mode.el ends here
