/**
 * `node build.mjs`: the library, into dist/. `node build.mjs page [FOLDER]`: the pages, into the Python package that
 * serves them. `node build.mjs test`: the tests, into build/.
 */

import { copyFile, mkdir, readdir } from "node:fs/promises";
import { build } from "esbuild";

const [what = "library", folder = "../../edge/bridges/websocket/static"] = process.argv.slice(2);
const common = { bundle: true, format: "esm", target: "es2022", logLevel: "warning" };

if (what === "library") {
  await build({ ...common, entryPoints: ["src/index.ts"], outdir: "dist", sourcemap: true });
} else if (what === "page") {
  await mkdir(folder, { recursive: true });
  const entryPoints = ["page/page.ts", "page/page.css"];
  await build({ ...common, entryPoints, outdir: folder, minify: true, legalComments: "eof" });
  await copyFile("page/index.html", `${folder}/index.html`);
  const calibrate = `${folder}/calibrate`;
  const parts = ["page/calibrate.ts", "page/calibrate.css"];
  await build({ ...common, entryPoints: parts, outdir: calibrate, minify: true, legalComments: "eof" });
  await copyFile("page/calibrate.html", `${calibrate}/index.html`);
} else if (what === "test") {
  const tests = (await readdir("test")).filter((name) => name.endsWith(".test.ts"));
  const entryPoints = tests.map((name) => `test/${name}`);
  await build({ ...common, entryPoints, outdir: "build/test", platform: "node", sourcemap: true });
} else {
  throw new Error(`${what}: build what? library, page or test`);
}
