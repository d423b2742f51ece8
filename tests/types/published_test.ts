import { assert, assertEquals } from "@std/assert";

/** How many slow types the check finds in a module. What it says of types outside of it does not matter here. */
async function slowTypes(module: URL): Promise<number> {
  const { stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--lint", module.href],
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder().decode(stderr);
  assert(/Checked \d|Found \d/.test(text), text);
  return text.split("error[missing-").length - 1;
}

Deno.test("a protocol whose type is written down passes the check for slow types", async () => {
  assertEquals(await slowTypes(new URL("./published.ts", import.meta.url)), 0);
});

Deno.test("a protocol whose type is left to the compiler does not", async () => {
  const path = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    const source = new URL("./published.ts", import.meta.url);
    const text = (await Deno.readTextFile(source))
      .replace(/: Protocol<[^=]*= protocol/, " = protocol")
      .replace(
        "../../actor/mod.ts",
        new URL("../../actor/mod.ts", source).href,
      );
    assert(text.includes("Published = protocol("));
    await Deno.writeTextFile(path, text);
    assertEquals(await slowTypes(new URL(`file://${path}`)), 1);
  } finally {
    await Deno.remove(path);
  }
});
