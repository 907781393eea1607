// What VS Code's own library makes of the stories on standard input, one JSON object a line.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(process.argv[2] + "/");
const { TextDocument } = require("vscode-languageserver-textdocument");

for await (const line of createInterface({ input: process.stdin })) {
  const { text, changes } = JSON.parse(line);
  const document = TextDocument.create("file:///a.fql", "fql", 0, text);
  const after = changes.map(([line, character, endLine, endCharacter, put], index) => {
    const range = { start: { line, character }, end: { line: endLine, character: endCharacter } };
    TextDocument.update(document, [{ range, text: put }], index + 1);
    return document.getText();
  });
  const places = [...Array(document.getText().length + 1).keys()]
    .map((offset) => document.positionAt(offset))
    .map(({ line, character }) => [line, character]);
  console.log(JSON.stringify({ after, places }));
}
