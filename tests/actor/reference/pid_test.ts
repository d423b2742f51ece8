import { assert, assertEquals, assertThrows } from "@std/assert";
import { Pid } from "../../../actor/mod.ts";
import { seededRandom } from "../../../internal/random.ts";

const FORM = 'wanted "goakt://system@host:port/path"';

Deno.test("Pid.parse() reads what toString() and toJSON() write", () => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  const random = seededRandom(seed);
  const pick = (...from: string[]) =>
    from[Math.floor(random.next() * from.length)] ?? "";
  for (let i = 0; i < 500; i++) {
    const pid = new Pid({
      system: pick("shop", "a-b_c", "7"),
      host: pick("", "localhost", "10.0.0.7", "[::1]", "a.example.com"),
      port: Math.floor(random.next() * 65_536),
      path: pick("a", "a/b", "a/b/$4f", "x.y-z_1"),
      incarnation: pick("", "lq3k8.17"),
    });
    const text = `seed ${seed}: ${pid}`;
    assert(Pid.parse(pid.toJSON()).equals(pid), text);
    assert(Pid.parse(String(pid)).matches(pid), text);
    assertEquals(Pid.parse(String(pid)).incarnation, "", text);
    assert(Pid.parse(JSON.parse(JSON.stringify(pid))).equals(pid), text);
  }
});

Deno.test("Pid.parse() gives the parts of an address", () => {
  const { system, host, port, path, incarnation } = Pid.parse(
    "goakt://shop@10.0.0.7:4001/till/drawer#x.1",
  );
  assertEquals([system, host, port, path, incarnation], [
    "shop",
    "10.0.0.7",
    4001,
    "till/drawer",
    "x.1",
  ]);
});

Deno.test("Pid.parse() reads the address that stands for nobody", () => {
  const nobody = Pid.parse("goakt://@:0/");
  assertEquals([nobody.system, nobody.path, nobody.port], ["", "", 0]);
});

for (
  const [text, found] of [
    ["shop@10.0.0.7:4001/till", 'found no "goakt://" at its start'],
    ["http://shop@h:1/a", 'found no "goakt://" at its start'],
    ["goakt://10.0.0.7:4001/till", 'found no "@" behind the system'],
    ["goakt://@h:1/a", "found no system"],
    ["goakt://shop@h:1", 'found no "/" behind the port'],
    ["goakt://shop@h/a", 'found no ":" between host and port'],
    ["goakt://shop@h:/a", 'the port "", which is not a number'],
    ["goakt://shop@h:65536/a", 'the port "65536"'],
    ["goakt://shop@h:-1/a", 'the port "-1"'],
    ["goakt://shop@h:1/", "found an empty path"],
    ["goakt://shop@h:1/a//b", "found an empty name in the path"],
    ["goakt://shop@h:1/a/", "found an empty name in the path"],
    ["goakt://shop@h:1/a#1#2", 'found more than one "#"'],
  ] as const
) {
  Deno.test(`Pid.parse() refuses "${text}" and shows the right form`, () => {
    const error = assertThrows(() => Pid.parse(text), TypeError, found);
    assert(error.message.endsWith(FORM), error.message);
  });
}

Deno.test("Pid.equals() compares all five parts, matches() lets an empty incarnation be any", () => {
  const parts = {
    system: "s",
    host: "h",
    port: 1,
    path: "p",
    incarnation: "i",
  };
  const pid = new Pid(parts);
  assert(pid.equals(new Pid(parts)) && pid.matches(new Pid(parts)));
  for (
    const key of ["system", "host", "port", "path", "incarnation"] as const
  ) {
    const other = new Pid({ ...parts, [key]: key === "port" ? 2 : "other" });
    assert(!pid.equals(other) && !pid.matches(other), key);
  }
  const any = new Pid({ ...parts, incarnation: "" });
  assert(!pid.equals(any) && pid.matches(any) && any.matches(pid));
});

Deno.test("Pid.toJSON() is a key: equal addresses share it and others do not", () => {
  const parts = { system: "s", host: "h", port: 1, path: "p" };
  const others = [
    { system: "other" },
    { host: "other" },
    { port: 2 },
    { path: "p/other" },
    { incarnation: "i" },
  ];
  const visits = new Map<string, number>();
  for (let round = 1; round <= 2; round++) {
    for (const change of [{}, ...others]) {
      const key = new Pid({ ...parts, ...change }).toJSON();
      visits.set(key, (visits.get(key) ?? 0) + 1);
    }
  }
  assertEquals([...visits.values()], [2, 2, 2, 2, 2, 2]);
});
