// Reads [{place, text}] on stdin; prints a line for each that Mermaid cannot parse. Argument: node_modules.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { readFileSync } from "node:fs";

const modules = process.argv[2];
const { JSDOM } = createRequire(`${modules}/`)("jsdom");
const { window } = new JSDOM("");
globalThis.window = window;
globalThis.document = window.document;
const { default: mermaid } = await import(pathToFileURL(`${modules}/mermaid/dist/mermaid.core.mjs`));

let failed = 0;
for (const { place, text } of JSON.parse(readFileSync(0, "utf-8"))) {
  try {
    await mermaid.parse(text);
  } catch (error) {
    failed = 1;
    console.log(`${place}: ${String(error.message ?? error).split("\n").slice(0, 4).join(" | ")}`);
  }
}
process.exit(failed);
