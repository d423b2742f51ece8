import { assertEquals } from "@std/assert";
import { placeOf, Places } from "../../../remote/transport/places.ts";

Deno.test("placeOf() tells hosts apart, and the networks of IPv6 addresses", () => {
  const cases: [string, string][] = [
    ["10.0.0.4:9000", "10.0.0.4"],
    ["node-1.example.org:80", "node-1.example.org"],
    ["[2001:db8:1:2:3:4:5:6]:9000", "2001:db8:1:2"],
    ["2001:DB8:1:2::9:9000", "2001:db8:1:2"],
    ["[2001:db8::7]:9000", "2001:db8:0:0"],
    ["[2001:0db8:0000:0000:1::]:9000", "2001:db8:0:0"],
    ["[::1]:9000", "0:0:0:0"],
    ["[::ffff:10.0.0.4]:9000", "10.0.0.4"],
    ["/run/shop/till-1.sock", "/run/shop/till-1.sock"],
    ["", ""],
  ];
  assertEquals(cases.map(([remote]) => placeOf(remote)), [
    ...cases.map(([, place]) => place),
  ]);
});

Deno.test("Places names the oldest of the place that has most, and nothing to who would have as much", () => {
  const places = new Places<number>();
  for (const item of [1, 2, 3]) places.add(item, "evil");
  places.add(4, "good");
  assertEquals(
    [places.rivalOf("good"), places.rivalOf("new"), places.rivalOf("evil")],
    [1, 1, undefined],
  );
  assertEquals([places.oldestOf("good"), places.oldestOf("new")], [4, 1]);
  assertEquals([places.delete(1), places.delete(1)], [true, false]);
  assertEquals([places.rivalOf("good"), places.rivalOf("new")], [undefined, 2]);
  assertEquals([places.size, [...places]], [3, [2, 3, 4]]);
});
