/* Runs test files side by side, each with its own server and browser: most of their time is waiting. */
import { run } from "node:test";
import { spec } from "node:test/reporters";

const CONCURRENCY = 4;

run({ files: process.argv.slice(2), concurrency: CONCURRENCY })
  .on("test:fail", () => (process.exitCode = 1))
  .compose(new spec())
  .pipe(process.stdout);
