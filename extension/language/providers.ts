import * as vscode from 'vscode';
import { COMMANDS, SCRIPT_LANGUAGE } from '../manifest.ts';
import { includedFile, rangeOf, type Scripts } from './scripts.ts';
import { type Completion, completionsAt } from './service/complete.ts';
import { formatLines } from './service/format.ts';
import { hoverAt } from './service/hover.ts';
import { definitionAt, type OutlineEntry, symbolsOf } from './service/navigate.ts';
import { signatureAt } from './service/signature.ts';

const KINDS: Readonly<Record<Completion['kind'], vscode.CompletionItemKind>> = {
  keyword: vscode.CompletionItemKind.Keyword,
  argument: vscode.CompletionItemKind.Property,
  flag: vscode.CompletionItemKind.Keyword,
  field: vscode.CompletionItemKind.Field,
  value: vscode.CompletionItemKind.EnumMember,
  name: vscode.CompletionItemKind.Variable,
  device: vscode.CompletionItemKind.Module,
  command: vscode.CompletionItemKind.Function,
  event: vscode.CompletionItemKind.Event,
  register: vscode.CompletionItemKind.Struct,
};

const SYMBOL_KINDS: Readonly<Record<OutlineEntry['kind'], vscode.SymbolKind>> = {
  test: vscode.SymbolKind.Function,
  let: vscode.SymbolKind.Constant,
  device: vscode.SymbolKind.Module,
  include: vscode.SymbolKind.File,
};

/** Registers what answers questions about a place of a script. */
export function registerProviders(scripts: Scripts): readonly vscode.Disposable[] {
  const { languages } = vscode;
  return [
    languages.registerCompletionItemProvider(
      SCRIPT_LANGUAGE,
      { provideCompletionItems: completions },
      ' ',
      '=',
      '.',
      '{',
    ),
    languages.registerHoverProvider(SCRIPT_LANGUAGE, { provideHover: hover }),
    languages.registerSignatureHelpProvider(SCRIPT_LANGUAGE, { provideSignatureHelp: signature }, ' ', '='),
    languages.registerDefinitionProvider(SCRIPT_LANGUAGE, { provideDefinition: definition }),
    languages.registerDocumentSymbolProvider(SCRIPT_LANGUAGE, {
      provideDocumentSymbols: (document) => symbolsOf(scripts.of(document)).map(symbolOf),
    }),
    languages.registerDocumentFormattingEditProvider(SCRIPT_LANGUAGE, {
      provideDocumentFormattingEdits: layOut,
    }),
    languages.registerCodeLensProvider(SCRIPT_LANGUAGE, { provideCodeLenses: lenses }),
    languages.registerCodeActionsProvider(
      SCRIPT_LANGUAGE,
      { provideCodeActions: fixes },
      { providedCodeActionKinds: [vscode.CodeActionKind.QuickFix] },
    ),
  ];

  function completions(document: vscode.TextDocument, position: vscode.Position): vscode.CompletionItem[] {
    const found = completionsAt(scripts.of(document), position.line + 1, position.character + 1);
    return found.map(({ label, kind, detail, doc, insert, start }, at) => {
      const item = new vscode.CompletionItem(label, KINDS[kind]);
      item.detail = detail;
      item.insertText = insert;
      item.range = new vscode.Range(position.line, start - 1, position.line, position.character);
      item.sortText = String(at).padStart(4, '0');
      if (doc !== undefined) item.documentation = new vscode.MarkdownString(doc);
      return item;
    });
  }

  function hover(document: vscode.TextDocument, position: vscode.Position): vscode.Hover | null {
    const found = hoverAt(scripts.of(document), position.line + 1, position.character + 1);
    return found && new vscode.Hover(new vscode.MarkdownString(found.markdown), rangeOf(found));
  }

  function signature(document: vscode.TextDocument, position: vscode.Position): vscode.SignatureHelp | null {
    const found = signatureAt(scripts.of(document), position.line + 1, position.character + 1);
    if (!found) return null;
    const help = new vscode.SignatureHelp();
    help.signatures = found.signatures.map(({ label, doc, parameters }) => {
      const information = new vscode.SignatureInformation(label, doc);
      information.parameters = parameters.map(
        (one) => new vscode.ParameterInformation([one.from, one.to], one.doc),
      );
      return information;
    });
    help.activeSignature = found.active;
    help.activeParameter = found.parameter;
    return help;
  }

  function definition(document: vscode.TextDocument, position: vscode.Position): vscode.Location | null {
    const found = definitionAt(scripts.of(document), position.line + 1, position.character + 1);
    if (!found) return null;
    if (found.kind === 'include') {
      const file = includedFile(document, found.path, document.uri.fsPath);
      return file === null ? null : new vscode.Location(vscode.Uri.file(file), new vscode.Position(0, 0));
    }
    const { word, statement } = found.name;
    const isOwn = statement.file === document.uri.fsPath;
    return new vscode.Location(isOwn ? document.uri : vscode.Uri.file(statement.file), rangeOf(word));
  }

  function fixes(
    document: vscode.TextDocument,
    _range: vscode.Range,
    { diagnostics }: vscode.CodeActionContext,
  ): vscode.CodeAction[] {
    const { problems } = scripts.of(document);
    return diagnostics.flatMap((diagnostic) => {
      const problem = problems.find(
        (one) => one.message === diagnostic.message && rangeOf(one).isEqual(diagnostic.range),
      );
      if (!problem?.fix) return [];
      const action = new vscode.CodeAction(problem.fix.title, vscode.CodeActionKind.QuickFix);
      action.diagnostics = [diagnostic];
      action.isPreferred = true;
      action.edit = new vscode.WorkspaceEdit();
      action.edit.replace(document.uri, rangeOf(problem.fix.at ?? problem), problem.fix.replacement);
      return [action];
    });
  }

  function lenses(document: vscode.TextDocument): vscode.CodeLens[] {
    const { blocks } = scripts.of(document);
    const pair = (line: number, only?: string): vscode.CodeLens[] => {
      const range = new vscode.Range(line, 0, line, 0);
      const args = only === undefined ? [document.uri] : [document.uri, only];
      return [
        new vscode.CodeLens(range, { title: 'Run', command: COMMANDS.runScript, arguments: args }),
        new vscode.CodeLens(range, { title: 'Debug', command: COMMANDS.debugScript, arguments: args }),
      ];
    };
    const tests = blocks.flatMap(({ from, test }) => pair(from - 1, test.words[0]?.text ?? ''));
    return blocks[0]?.from === 1 ? tests : [...pair(0), ...tests];
  }
}

function symbolOf({
  name,
  detail,
  kind,
  from,
  to,
  selection,
  children,
}: OutlineEntry): vscode.DocumentSymbol {
  const whole = rangeOf(from).union(rangeOf(to));
  const symbol = new vscode.DocumentSymbol(name, detail, SYMBOL_KINDS[kind], whole, rangeOf(selection));
  symbol.children = children.map(symbolOf);
  return symbol;
}

/** Only lines that change are replaced: breakpoints and folds of the others stay. */
function layOut(document: vscode.TextDocument): vscode.TextEdit[] {
  return formatLines(document.getText()).flatMap((line, at) => {
    const { text, range } = document.lineAt(at);
    return text === line ? [] : [vscode.TextEdit.replace(range, line)];
  });
}
