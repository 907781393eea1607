" Colours of fql for Vim and Neovim. Printed from fql_grammar.tokens by `python -m tests.accept`.
if exists("b:current_syntax")
  finish
endif
syn match fqlName '\<\h\w*\>'
syn match fqlType '\<\u\w*\>'
syn match fqlKey '\<\h\w*\ze\s*?\?:'
syn match fqlAttribute '@\s*\h\w*'
syn match fqlNumber '\<\d[0-9_]*\(\.\d[0-9_]*\)\?\(GiB\|KiB\|MiB\|TiB\|GB\|KB\|MB\|TB\|ms\|B\|d\|h\|m\|s\)\?\>'
syn match fqlDeclaration !^\s*\zs\(defaults\|endpoint\|entity\|enum\|import\|let\|observer\|retry\|test\|type\)\>\ze\(\s\+[A-Za-z_"']\|\s*{\)!
syn match fqlDeclaration '\<\h\w*\>\ze\s\+\h\w*\s*{'
syn keyword fqlKeyword AND IN NOT OR each else if in not then
syn keyword fqlConstant false null true
syn match fqlHole '{{[^}]*}}' contained
syn match fqlEnvironment '${\h\w*}' contained
syn match fqlEscape '\\.' contained
syn region fqlString start='"' skip='\\.' end='"' oneline contains=@fqlInside
syn region fqlString start="'" skip='\\.' end="'" oneline contains=@fqlInside
syn region fqlString start='"""' end='"""' contains=@fqlInside
syn region fqlDoc start='^\s*"""' end='"""'
syn cluster fqlInside contains=fqlHole,fqlEnvironment,fqlEscape
syn match fqlComment '#.*$'
hi def link fqlType Type
hi def link fqlKey Identifier
hi def link fqlAttribute PreProc
hi def link fqlNumber Number
hi def link fqlDeclaration Statement
hi def link fqlKeyword Keyword
hi def link fqlConstant Constant
hi def link fqlHole Special
hi def link fqlEnvironment PreProc
hi def link fqlEscape SpecialChar
hi def link fqlString String
hi def link fqlDoc Comment
hi def link fqlComment Comment
let b:current_syntax = "fql"
