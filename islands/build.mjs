// Bundles src/ and styles/ into dist/ under content-hashed names and writes dist/manifest.json,
// which the ui crate embeds. Each text file also gets a .br and .gz neighbour, so that the
// server never compresses an asset while somebody waits for it.
import { build } from "esbuild";
import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const root = dirname(fileURLToPath(import.meta.url));
const dist = join(root, "dist");
// Built beside and moved into place: a cargo build that runs meanwhile sees the old set or the new one.
const staging = join(root, "dist.new");
await rm(staging, { recursive: true, force: true });
await mkdir(staging, { recursive: true });

const entries = { app: "src/app.ts", theme: "src/theme.ts", styles: "styles/app.css" };
const result = await build({
  absWorkingDir: root,
  entryPoints: [
    { in: entries.app, out: "app" },
    { in: entries.theme, out: "theme" },
    { in: entries.styles, out: "app" },
  ],
  outdir: staging,
  entryNames: "[name].[hash]",
  assetNames: "[name].[hash]",
  bundle: true,
  minify: true,
  format: "iife",
  target: ["es2022", "chrome111", "firefox121", "safari17.2"],
  // light-dark() and nesting are kept: they are what makes one token list serve both themes.
  supported: { nesting: true, "color-functions": true, "inset-property": true },
  loader: { ".woff2": "file" },
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
  if (!/\.(js|css)$/.test(file)) continue;
  const bytes = await readFile(join(staging, file));
  const options = { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } };
  await writeFile(join(staging, `${file}.br`), brotliCompressSync(bytes, options));
  await writeFile(join(staging, `${file}.gz`), gzipSync(bytes, { level: 9 }));
}
const sorted = Object.fromEntries(Object.entries(manifest).sort(([a], [b]) => a.localeCompare(b)));
await writeFile(join(staging, "manifest.json"), `${JSON.stringify(sorted, null, 2)}\n`);

await rm(dist, { recursive: true, force: true });
await rename(staging, dist);
for (const [name, file] of Object.entries(sorted)) {
  const { size } = { size: (await readFile(join(dist, file))).length };
  console.log(`${name.padEnd(32)} ${file.padEnd(44)} ${(size / 1024).toFixed(1)} KiB`);
}
