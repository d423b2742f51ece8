import { assertEquals, assertThrows } from "@std/assert";
import {
  jsrImports,
  offlineImportMap,
  type PackageConfig,
} from "../../tools/import_map.ts";

const ROOT = new URL("file:///project/");
const CONFIG: PackageConfig = {
  name: "@scope/name",
  exports: { ".": "./mod.ts", "./actor": "./actor/mod.ts" },
  imports: {
    "@std/assert": "jsr:@std/assert@^1",
    "@std/data-structures": "jsr:@std/data-structures@^1",
    "fflate": "npm:fflate@^0.8.3",
  },
};

Deno.test("offlineImportMap() keeps npm, stands in for JSR and resolves the package's own name", () => {
  assertEquals(offlineImportMap(CONFIG, ROOT), {
    imports: {
      "@std/assert": "file:///project/tests/support/offline/std_assert.ts",
      "@std/data-structures":
        "file:///project/tests/support/offline/std_data_structures.ts",
      "fflate": "npm:fflate@^0.8.3",
      "@scope/name": "file:///project/mod.ts",
      "@scope/name/actor": "file:///project/actor/mod.ts",
    },
  });
});

Deno.test("offlineImportMap() refuses a package from JSR that has no stand-in", () => {
  const config = {
    ...CONFIG,
    imports: { "@other/thing": "jsr:@other/thing@1" },
  };
  assertThrows(
    () => offlineImportMap(config, ROOT),
    TypeError,
    'Cannot stand in for "@other/thing"',
  );
});

Deno.test("jsrImports() lists the addresses from JSR only", () => {
  assertEquals(jsrImports(CONFIG), [
    "jsr:@std/assert@^1",
    "jsr:@std/data-structures@^1",
  ]);
});
