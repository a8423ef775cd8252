/** `node build.mjs`: the library and the page, into dist/. `node build.mjs test`: the tests, into build/. */

import { copyFile, mkdir, readdir } from "node:fs/promises";
import { build } from "esbuild";

const common = { bundle: true, format: "esm", target: "es2022", logLevel: "warning", sourcemap: true };

if (process.argv[2] === "test") {
  const tests = (await readdir("test")).filter((name) => name.endsWith(".test.ts"));
  await build({ ...common, entryPoints: tests.map((name) => `test/${name}`), outdir: "build/test", platform: "node" });
} else {
  await mkdir("dist/page", { recursive: true });
  await build({ ...common, entryPoints: ["src/index.ts"], outdir: "dist" });
  await build({ ...common, entryPoints: ["page/page.ts"], outdir: "dist/page", minify: true, legalComments: "linked" });
  for (const name of ["index.html", "page.css"]) await copyFile(`page/${name}`, `dist/page/${name}`);
}
