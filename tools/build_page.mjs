// Builds `backend/dreamface/webpage/page.js`, the 3D view of DreamFace's pages: our viewer.js and three.js as one classic
// script, with three's licence above it. Run by `npm run build`, or with another file to write as its argument.

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const room = join(root, "backend", "dreamface", "webpage");
const three = join(root, "node_modules", "three");
const { version } = JSON.parse(readFileSync(join(three, "package.json"), "utf8"));
const licence = readFileSync(join(three, "LICENSE"), "utf8").trim();

await build({
  entryPoints: [join(room, "source", "viewer.js")],
  outfile: process.argv[2] ?? join(room, "page.js"),
  bundle: true,
  minify: true,
  format: "iife",
  target: ["chrome109", "firefox115", "safari16.4"],
  charset: "ascii",
  legalComments: "none",
  banner: { js: `/*! DreamFace's 3D view, GPL-3.0-or-later, with three.js ${version}:\n\n${licence}\n*/` },
  logLevel: "info",
});
