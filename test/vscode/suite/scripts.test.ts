import * as assert from 'node:assert/strict';
import path from 'node:path';
import * as vscode from 'vscode';
import { folder, until } from './session.ts';

const TEXT = [
  'device nvme0 sid=8',
  'let base = 0x40000000',
  'ste ns 8 Confg=S1',
  'cmd ns TLBI_NH_VA ASID=1 ',
  'test "one"',
  'dma nvme0   read base 64',
].join('\n');

describe('a script in the editor', () => {
  let document: vscode.TextDocument;
  before(async () => {
    const uri = vscode.Uri.file(path.join(folder().uri.fsPath, 'editor.smmu'));
    await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(TEXT));
    document = await vscode.workspace.openTextDocument(uri);
    await vscode.window.showTextDocument(document);
  });
  after(async () => {
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    await vscode.workspace.fs.delete(document.uri);
  });

  const ask = <T>(command: string, ...rest: unknown[]): Thenable<T> =>
    vscode.commands.executeCommand<T>(command, document.uri, ...rest);
  const place = (line: number, text: string): vscode.Position =>
    new vscode.Position(line, document.lineAt(line).text.indexOf(text) + text.length);

  it('has its language and its problems', async () => {
    assert.equal(document.languageId, 'smmu');
    const found = await until('the problems', () => {
      const list = vscode.languages.getDiagnostics(document.uri);
      return list.length === 2 ? list : null;
    });
    assert.deepEqual(
      found.map(({ message }) => message),
      [
        'there is no field of STE "Confg"; did you mean Config?',
        'the test has no end; write end after its last statement',
      ],
    );
    assert.deepEqual(found[0]?.range, new vscode.Range(2, 9, 2, 14));
  });

  it('offers what would mend them', async () => {
    const actions = await ask<vscode.CodeAction[]>(
      'vscode.executeCodeActionProvider',
      new vscode.Range(2, 9, 2, 14),
    );
    const fix = actions.find(({ title }) => title === 'Change to Config');
    assert.equal(fix?.edit?.get(document.uri)[0]?.newText, 'Config');
  });

  it('completes fields of the command, and explains one', async () => {
    const end = new vscode.Position(3, document.lineAt(3).text.length);
    const list = await ask<vscode.CompletionList>('vscode.executeCompletionItemProvider', end);
    const labels = list.items.map(({ label }) => (typeof label === 'string' ? label : label.label));
    for (const label of ['Address=', 'Leaf=', 'hold']) assert.ok(labels.includes(label), label);
    const hovers = await ask<vscode.Hover[]>('vscode.executeHoverProvider', place(3, 'ASI'));
    const texts = hovers.flatMap(({ contents }) =>
      contents.map((one) => (typeof one === 'string' ? one : one.value)),
    );
    assert.match(texts.join('\n'), /CMD\\_TLBI\\_NH\\_VA\\.ASID/);
  });

  it('knows where names are made, what the script consists of, and how it is laid out', async () => {
    const [made] = await ask<vscode.Location[]>('vscode.executeDefinitionProvider', place(5, 'nvm'));
    assert.equal(made?.range.start.line, 0);
    const symbols = await ask<vscode.DocumentSymbol[]>('vscode.executeDocumentSymbolProvider');
    assert.deepEqual(
      symbols.map(({ name }) => name),
      ['nvme0', 'base', 'one'],
    );
    const edits = await ask<vscode.TextEdit[]>('vscode.executeFormatDocumentProvider', {
      tabSize: 2,
      insertSpaces: true,
    });
    assert.deepEqual([...new Set(edits.map(({ range }) => range.start.line))], [3, 5]);
  });

  it('can be run and debugged from its first line and from each test', async () => {
    const lenses = await ask<vscode.CodeLens[]>('vscode.executeCodeLensProvider');
    assert.deepEqual(
      lenses.map(({ command, range }) => [range.start.line, command?.title]),
      [
        [0, 'Run'],
        [0, 'Debug'],
        [4, 'Run'],
        [4, 'Debug'],
      ],
    );
  });
});

describe('the Test Explorer', () => {
  const uri = (): vscode.Uri => vscode.Uri.file(path.join(folder().uri.fsPath, 'explored.smmu'));
  const write = (text: string) => vscode.workspace.fs.writeFile(uri(), new TextEncoder().encode(text));
  before(() => write('test "one"\nprint "ran"\nend\ntest "two"\nend\n'));
  after(() => vscode.workspace.fs.delete(uri()));

  interface Found {
    readonly label: string;
    readonly uri?: vscode.Uri;
    readonly children?: readonly Found[];
  }

  it('lists the tests of a script', async () => {
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri()));
    await vscode.commands.executeCommand('workbench.view.testing.focus');
    const list = (): Thenable<Found[]> =>
      vscode.commands.executeCommand('vscode.testing.getTestsInFile', uri());
    let found = await list();
    for (let tries = 0; tries < 100 && !JSON.stringify(found).includes('two'); tries++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      found = await list();
    }
    assert.match(JSON.stringify(found), /one.*two/);
  });
});
