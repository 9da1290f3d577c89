// Bundles src/ and styles/ into dist/ under content-hashed names and writes dist/manifest.json,
// which the ui crate embeds. Each text file also gets a .br and .gz neighbour, so that the
// server never compresses an asset while somebody waits for it.
import { build } from "esbuild";
import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const root = dirname(fileURLToPath(import.meta.url));
const dist = join(root, "dist");
// Built beside and moved into place, so that a cargo build never embeds half a set.
const staging = join(root, "node_modules", ".staging");
const previous = join(root, "node_modules", ".previous");
await rm(staging, { recursive: true, force: true });
await mkdir(staging, { recursive: true });

const result = await build({
  absWorkingDir: root,
  entryPoints: [
    { in: "src/app.ts", out: "app" },
    { in: "src/theme.ts", out: "theme" },
    { in: "styles/app.css", out: "app" },
    { in: "favicon.svg", out: "favicon" },
  ],
  outdir: staging,
  entryNames: "[name].[hash]",
  assetNames: "[name].[hash]",
  bundle: true,
  minify: true,
  format: "iife",
  // The first versions with light-dark(), which serves both themes from one list of tokens.
  target: ["es2022", "chrome123", "firefox120", "safari17.5"],
  loader: { ".woff2": "file", ".svg": "copy" },
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
});

const manifest = {};
for (const [path, output] of Object.entries(result.metafile.outputs)) {
  const file = basename(path);
  if (output.entryPoint) {
    const extension = file.slice(file.lastIndexOf("."));
    manifest[file.slice(0, file.indexOf(".")) + extension] = file;
  } else {
    manifest[file.replace(/\.[A-Z0-9]{8}(\.[a-z0-9]+)$/, "$1")] = file;
  }
}

for (const file of await readdir(staging)) {
  if (!/\.(js|css|svg)$/.test(file)) continue;
  const bytes = await readFile(join(staging, file));
  const options = { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } };
  await writeFile(join(staging, `${file}.br`), brotliCompressSync(bytes, options));
  await writeFile(join(staging, `${file}.gz`), gzipSync(bytes, { level: 9 }));
}
const sorted = Object.fromEntries(Object.entries(manifest).sort(([a], [b]) => a.localeCompare(b)));
await writeFile(join(staging, "manifest.json"), `${JSON.stringify(sorted, null, 2)}\n`);

await rm(previous, { recursive: true, force: true });
if (existsSync(dist)) await rename(dist, previous);
await rename(staging, dist);
await rm(previous, { recursive: true, force: true });
for (const [name, file] of Object.entries(sorted)) {
  const { size } = await stat(join(dist, file));
  console.log(`${name.padEnd(36)} ${file.padEnd(46)} ${(size / 1024).toFixed(1)} KiB`);
}
