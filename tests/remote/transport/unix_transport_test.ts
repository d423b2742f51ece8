import { assertEquals } from "@std/assert";
import { offlineImportMap } from "../../../tools/import_map.ts";

const ROOT = new URL("../../../", import.meta.url);

Deno.test("UnixTransport passes the suite of transports and its own", async () => {
  const directory = await Deno.makeTempDir();
  const config = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", ROOT)),
  );
  const map = `${directory}/import_map.json`;
  await Deno.writeTextFile(map, JSON.stringify(offlineImportMap(config, ROOT)));
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "test",
      "--no-check",
      "--no-prompt",
      "--allow-net",
      "--allow-read",
      "--allow-run",
      `--allow-write=${directory}`,
      `--import-map=${map}`,
      "tests/remote/transport/unix_transport_suite.ts",
    ],
    cwd: ROOT,
    env: { TMPDIR: directory, NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const text = new TextDecoder().decode(stdout) +
    new TextDecoder().decode(stderr);
  assertEquals(code, 0, text);
  const [, passed] = /ok \| (\d+) passed \| 0 failed/.exec(text) ?? [];
  assertEquals(passed, "28", text);
});
