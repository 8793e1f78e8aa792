// Makes the page's script of src/, and what its libraries' licences ask for beside it.
// The same sources and the same lock give the same bytes. `--tests` bundles the unit tests instead,
// `--to <folder>` writes elsewhere, for the test that compares; `--sizes <file>` tells what weighs how much.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const given = process.argv.slice(2);
const to = given.includes("--to") ? given[given.indexOf("--to") + 1] : join(here, "../signpaths/report");
// What a library that has no licence file says of itself elsewhere, in its package.json or its README.
const SAID = { ogl: "Dedicated to the public domain (The Unlicense, https://unlicense.org)." };
const common = {
  absWorkingDir: here,
  bundle: true,
  target: "es2022",
  charset: "ascii",
  legalComments: "none",
  logLevel: "warning",
};

if (given.includes("--tests")) {
  await build({
    ...common,
    entryPoints: ["test/all.ts"],
    platform: "node",
    format: "esm",
    outfile: "build/tests.mjs",
  });
} else {
  const { outputFiles, metafile } = await build({
    ...common,
    entryPoints: ["src/main.ts"],
    format: "iife",
    minify: true,
    write: false,
    metafile: true,
  });
  const said = "// Made by `make explorer` of workflow/explorer; licences in report.licences.txt.\n";
  writeFileSync(join(to, "report.js"), said + outputFiles[0].text);
  const [{ inputs }] = Object.values(metafile.outputs);
  writeFileSync(join(to, "report.licences.txt"), licences(Object.keys(inputs)));
  if (given.includes("--sizes")) {
    const sizes = Object.fromEntries(Object.entries(inputs).map(([name, { bytesInOutput }]) => [name, bytesInOutput]));
    writeFileSync(given[given.indexOf("--sizes") + 1], JSON.stringify(sizes));
  }
}

/** Of the libraries that some of these files are of. */
function licences(files) {
  const { dependencies } = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));
  const { packages } = JSON.parse(readFileSync(join(here, "package-lock.json"), "utf8"));
  return Object.keys(dependencies)
    .filter((name) => files.some((file) => file.startsWith(`node_modules/${name}/`)))
    .map((name) => {
      const { version, license, integrity } = packages[`node_modules/${name}`];
      return `${name} ${version} (${license})\n${integrity}\n\n${licenceOf(name)}\n`;
    })
    .join(`\n${"-".repeat(72)}\n\n`);
}

function licenceOf(name) {
  for (const file of ["LICENSE", "LICENSE.md", "LICENCE", "license"]) {
    try {
      return readFileSync(join(here, "node_modules", name, file), "utf8").trim();
    } catch {
      continue;
    }
  }
  if (name in SAID) return SAID[name];
  throw new Error(`${name}: no licence beside it`);
}
