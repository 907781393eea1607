"""Answers of the services in the words of the protocol. One function an answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from lsprotocol import types

from fqlc.lsp.places import Here, View
from fqlc.services import answers
from fqlc.services.answers import Modifier, What
from fqlc.source.text import Span

_ITEMS: Mapping[What, types.CompletionItemKind] = {
    What.ACTION: types.CompletionItemKind.Function,
    What.ATTRIBUTE: types.CompletionItemKind.Property,
    What.BUILT_IN: types.CompletionItemKind.Variable,
    What.CODE: types.CompletionItemKind.Reference,
    What.DEFAULTS: types.CompletionItemKind.Module,
    What.ENDPOINT: types.CompletionItemKind.Interface,
    What.ENTITY: types.CompletionItemKind.Class,
    What.ENUM: types.CompletionItemKind.Enum,
    What.ENVIRONMENT: types.CompletionItemKind.Constant,
    What.EVENT: types.CompletionItemKind.Event,
    What.FIELD: types.CompletionItemKind.Field,
    What.FILE: types.CompletionItemKind.File,
    What.FILTER: types.CompletionItemKind.Function,
    What.FUNCTION: types.CompletionItemKind.Function,
    What.HEADER: types.CompletionItemKind.Text,
    What.KEY: types.CompletionItemKind.Property,
    What.KEYWORD: types.CompletionItemKind.Keyword,
    What.LET: types.CompletionItemKind.Constant,
    What.MEMBER: types.CompletionItemKind.EnumMember,
    What.METHOD: types.CompletionItemKind.Method,
    What.OBSERVER: types.CompletionItemKind.Module,
    What.PROPERTY: types.CompletionItemKind.Field,
    What.RETRY: types.CompletionItemKind.Module,
    What.TYPE: types.CompletionItemKind.Struct,
    What.VARIABLE: types.CompletionItemKind.Variable,
}
_SYMBOLS: Mapping[What, types.SymbolKind] = {
    What.ACTION: types.SymbolKind.Function,
    What.DEFAULTS: types.SymbolKind.Module,
    What.ENDPOINT: types.SymbolKind.Interface,
    What.ENTITY: types.SymbolKind.Class,
    What.ENUM: types.SymbolKind.Enum,
    What.FIELD: types.SymbolKind.Field,
    What.LET: types.SymbolKind.Constant,
    What.MEMBER: types.SymbolKind.EnumMember,
    What.OBSERVER: types.SymbolKind.Event,
    What.RETRY: types.SymbolKind.Module,
    What.TEST: types.SymbolKind.Method,
    What.TYPE: types.SymbolKind.Struct,
}
_TOKENS: Mapping[What, types.SemanticTokenTypes] = {
    What.ACTION: types.SemanticTokenTypes.Function,
    What.ATTRIBUTE: types.SemanticTokenTypes.Decorator,
    What.BUILT_IN: types.SemanticTokenTypes.Macro,
    What.COMMENT: types.SemanticTokenTypes.Comment,
    What.ENDPOINT: types.SemanticTokenTypes.Interface,
    What.ENTITY: types.SemanticTokenTypes.Class,
    What.ENUM: types.SemanticTokenTypes.Enum,
    What.EVENT: types.SemanticTokenTypes.Event,
    What.FIELD: types.SemanticTokenTypes.Property,
    What.FILTER: types.SemanticTokenTypes.Function,
    What.FUNCTION: types.SemanticTokenTypes.Function,
    What.KEY: types.SemanticTokenTypes.Property,
    What.KEYWORD: types.SemanticTokenTypes.Keyword,
    What.MEMBER: types.SemanticTokenTypes.EnumMember,
    What.METHOD: types.SemanticTokenTypes.Method,
    What.NUMBER: types.SemanticTokenTypes.Number,
    What.OBSERVER: types.SemanticTokenTypes.Namespace,
    What.OPERATOR: types.SemanticTokenTypes.Operator,
    What.PROPERTY: types.SemanticTokenTypes.Property,
    What.STRING: types.SemanticTokenTypes.String,
    What.TYPE: types.SemanticTokenTypes.Struct,
}
_OTHER_TOKEN = types.SemanticTokenTypes.Variable

TOKEN_TYPES = tuple(dict.fromkeys((*(kind.value for kind in _TOKENS.values()), _OTHER_TOKEN.value)))
TOKEN_MODIFIERS = tuple(modifier.value for modifier in Modifier)
_NUMBERS = {w: TOKEN_TYPES.index(_TOKENS.get(w, _OTHER_TOKEN).value) for w in What}
_BITS = {modifier: 1 << number for number, modifier in enumerate(Modifier)}
LEGEND = types.SemanticTokensLegend(TOKEN_TYPES, TOKEN_MODIFIERS)


def markdown(text: str) -> types.MarkupContent:
    """A text in Markdown."""
    return types.MarkupContent(types.MarkupKind.Markdown, text)


def hover(here: Here, found: answers.Hover) -> types.Hover:
    """What is known of a name."""
    return types.Hover(markdown(found.text), here.view.range(found.span))


def completions(
    here: Here, found: Iterable[answers.CompletionItem], *, snippets: bool
) -> types.CompletionList:
    """Ways to go on; as plain texts where the editor knows no snippets."""
    items = [_item(here.view, item, snippets=snippets) for item in found]
    return types.CompletionList(is_incomplete=False, items=items)


def _item(view: View, item: answers.CompletionItem, *, snippets: bool) -> types.CompletionItem:
    edit = view.edit(item.edit)
    is_snippet = item.snippet and snippets
    if item.snippet and not snippets:
        edit.new_text = item.label
    form = types.InsertTextFormat.Snippet if is_snippet else types.InsertTextFormat.PlainText
    return types.CompletionItem(
        label=item.label,
        kind=_ITEMS.get(item.what, types.CompletionItemKind.Value),
        detail=item.detail or None,
        documentation=markdown(item.doc) if item.doc else None,
        sort_text=f"{item.order:04} {item.label}",
        filter_text=item.label,
        text_edit=edit,
        insert_text_format=form,
    )


def signatures(found: answers.SignatureHelp) -> types.SignatureHelp:
    """The forms of a call."""
    forms = [
        types.SignatureInformation(
            form.label, markdown(form.doc), [types.ParameterInformation(p) for p in form.parameters]
        )
        for form in found.signatures
    ]
    return types.SignatureHelp(forms, found.active, found.parameter)


def targets(
    view: View, found: answers.Target | None, *, linked: bool
) -> list[types.LocationLink] | list[types.Location]:
    """Where a name leads; editors that know no links get the name of the declaration."""
    if found is None:
        return []
    return [view.link(found)] if linked else [view.location(found.name)]


def highlights(here: Here, found: Iterable[answers.Highlight]) -> list[types.DocumentHighlight]:
    """Places of one name in this text."""
    kinds = types.DocumentHighlightKind
    return [
        types.DocumentHighlight(here.view.range(h.span), kinds.Write if h.written else kinds.Read)
        for h in found
    ]


def outline(view: View, found: Iterable[answers.Symbol]) -> list[types.DocumentSymbol]:
    """Declarations with what is in them."""
    return [
        types.DocumentSymbol(
            name=symbol.name or "(no name)",
            kind=_SYMBOLS.get(symbol.what, types.SymbolKind.Variable),
            range=view.range(symbol.span),
            selection_range=view.range(symbol.name_span),
            detail=symbol.detail or None,
            children=outline(view, symbol.children),
        )
        for symbol in found
    ]


def flat_outline(
    view: View, found: Iterable[answers.Symbol], inside: str = ""
) -> list[types.SymbolInformation]:
    """The same for editors that know no tree."""
    rows = []
    for symbol in found:
        kind = _SYMBOLS.get(symbol.what, types.SymbolKind.Variable)
        place = view.location(symbol.span)
        rows.append(
            types.SymbolInformation(place, symbol.name, kind, container_name=inside or None)
        )
        rows += flat_outline(view, symbol.children, symbol.name)
    return rows


def found_symbols(view: View, found: Iterable[answers.FoundSymbol]) -> list[types.WorkspaceSymbol]:
    """Declarations that were searched for."""
    return [
        types.WorkspaceSymbol(
            location=view.location(symbol.span),
            name=symbol.name,
            kind=_SYMBOLS.get(symbol.what, types.SymbolKind.Variable),
            container_name=symbol.inside or None,
        )
        for symbol in found
    ]


def tokens(here: Here, found: Iterable[answers.Token]) -> types.SemanticTokens:
    """Coloured stretches, each told from the one before."""
    data: list[int] = []
    line, column = 0, 0
    for token in found:
        at, start = here.document.place(token.start)
        _, end = here.document.place(token.end)
        bits = sum(_BITS[m] for m in token.modifiers)
        moved = start - column if at == line else start
        data += [at - line, moved, end - start, _NUMBERS[token.what], bits]
        line, column = at, start
    return types.SemanticTokens(data)


def hints(here: Here, found: Iterable[answers.Hint]) -> list[types.InlayHint]:
    """Words between the text. A type follows its name; all else keeps a blank away."""
    return [
        types.InlayHint(
            here.range(hint.offset, hint.offset).start,
            hint.text,
            types.InlayHintKind.Type if hint.kind is answers.HintKind.TYPES else None,
            padding_left=hint.kind is not answers.HintKind.TYPES,
        )
        for hint in found
    ]


_FOLDS = {
    answers.FoldKind.REGION: types.FoldingRangeKind.Region,
    answers.FoldKind.COMMENT: types.FoldingRangeKind.Comment,
    answers.FoldKind.IMPORTS: types.FoldingRangeKind.Imports,
}


def folds(here: Here, found: Iterable[answers.Fold]) -> list[types.FoldingRange]:
    """Stretches of lines."""
    rows = []
    for fold in found:
        place = here.range(fold.start, fold.end)
        rows.append(types.FoldingRange(place.start.line, place.end.line, kind=_FOLDS[fold.kind]))
    return [row for row in rows if row.end_line > row.start_line]


def links(here: Here, found: Iterable[answers.Link]) -> list[types.DocumentLink]:
    """Stretches that lead to a url or a file."""
    return [
        types.DocumentLink(
            here.view.range(link.span),
            link.target if "://" in link.target else here.view.uri(link.target),
        )
        for link in found
    ]


def selections(here: Here, chain: Sequence[Span]) -> types.SelectionRange:
    """Stretches from the smallest to the largest, each within the next."""
    outer: types.SelectionRange | None = None
    for span in reversed(chain):
        outer = types.SelectionRange(here.range(span.start, span.end), outer)
    return outer or types.SelectionRange(here.range(0, 0))


def renaming(view: View, found: answers.Renaming, *, annotated: bool) -> types.WorkspaceEdit:
    """The edits of a rename; what must be known of it goes along where the editor can show it."""
    if not (found.notes and annotated):
        return view.edits(found.edits)
    note = types.ChangeAnnotation("Rename", True, "\n".join(found.notes))
    files: dict[str, list[types.AnnotatedTextEdit]] = {}
    for edit in found.edits:
        plain = view.edit(edit)
        one = types.AnnotatedTextEdit("rename", plain.range, plain.new_text)
        files.setdefault(edit.span.path, []).append(one)
    changes = [types.TextDocumentEdit(view.version(path), edits) for path, edits in files.items()]
    return types.WorkspaceEdit(document_changes=changes, change_annotations={"rename": note})


def action(
    view: View, found: answers.CodeAction, solved: Sequence[types.Diagnostic]
) -> types.CodeAction:
    """A change that is offered, with what it solves of the diagnostics that were asked about."""
    starts = [(d.code, view.range(d.span).start) for d in found.solves]
    mine = [d for d in solved if (d.code, d.range.start) in starts]
    return types.CodeAction(
        title=found.title,
        kind=found.kind.value,
        diagnostics=mine or None,
        is_preferred=found.preferred or None,
        edit=view.edits(found.edits),
    )
