"use strict";
// Starts `fqlc lsp` and shows what it says. All knowledge of the language is in the server.
const { execFile } = require("child_process");
const fs = require("fs");
const path = require("path");
const { commands, window, workspace } = require("vscode");
const { LanguageClient, RevealOutputChannelOn } = require("vscode-languageclient/node");

const MISSING = 3; // the exit code of fqlc where an extra is not installed
let client;

/** The program: the setting, the workspace's .venv, or what the PATH has. */
function program() {
  const chosen = workspace.getConfiguration("fql").get("path");
  if (chosen) return chosen;
  const places = process.platform === "win32" ? ["Scripts", "fqlc.exe"] : ["bin", "fqlc"];
  const folders = (workspace.workspaceFolders || []).map((folder) => folder.uri.fsPath);
  const own = folders.map((folder) => path.join(folder, ".venv", ...places));
  return own.find((file) => fs.existsSync(file)) || "fqlc";
}

/** One message for what keeps the server from starting. */
function refuse(text) {
  window.showErrorMessage(`fql: ${text}`);
}

/** Whether the program can serve: it is there, and so is its extra. */
function serves(command) {
  return new Promise((done) => {
    const ended = (error, _, talk) => {
      const code = error ? error.code : 0;
      const lacks = typeof code === "string"; // ENOENT and the like; a number is its exit code
      if (lacks) refuse(`${command} does not start. Install it: pip install "fqlc[lsp]"`);
      else if (code === MISSING) refuse(talk.trim());
      done(!lacks && code !== MISSING);
    };
    execFile(command, ["lsp"], ended).stdin.end();
  });
}

async function activate(context) {
  const command = program();
  if (!(await serves(command))) return;
  client = new LanguageClient(
    "fql",
    "fql",
    { command, args: ["lsp"] },
    {
      documentSelector: [{ language: "fql" }],
      synchronize: { configurationSection: "fql" },
      initializationOptions: { hints: workspace.getConfiguration("fql").get("hints") },
      revealOutputChannelOn: RevealOutputChannelOn.Never,
    },
  );
  context.subscriptions.push(client, commands.registerCommand("fql.restart", () => client.restart()));
  await client.start();
}

module.exports = { activate, deactivate: () => client && client.stop() };
