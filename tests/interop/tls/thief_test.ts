import { assert, assertEquals, assertRejects } from "@std/assert";
import { ConnectError } from "../../../remote/errors.ts";
import { authority, tlsOf, uriOf } from "../../remote/tls/tls_fixtures.ts";

const GO = await hasGo();

async function hasGo(): Promise<boolean> {
  try {
    return (await new Deno.Command("go", { args: ["version"] }).output())
      .success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The program, and the certificate of a node with the key of another and its own. */
interface Loot {
  readonly program: string;
  readonly certificate: string;
  readonly wrongKey: string;
  readonly rightKey: string;
}

async function loot(): Promise<Loot> {
  const folder = await Deno.makeTempDir();
  const [node, other] = [
    await authority.issue({ uris: [uriOf("shop")] }),
    await authority.issue(),
  ];
  const paths = {
    program: `${folder}/thief`,
    certificate: `${folder}/node.pem`,
    wrongKey: `${folder}/wrong.key`,
    rightKey: `${folder}/right.key`,
  };
  await Deno.writeTextFile(paths.certificate, node.cert);
  await Deno.writeTextFile(paths.wrongKey, other.key);
  await Deno.writeTextFile(paths.rightKey, node.key);
  const { success, stderr } = await new Deno.Command("go", {
    args: ["build", "-o", paths.program, "."],
    cwd: new URL("thief/", import.meta.url),
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  return paths;
}

Deno.test({
  name:
    "A certificate without its key opens no connection, dialling or dialled",
  ignore: !GO, // Go is not installed
  fn: async () => {
    const { program, certificate, wrongKey, rightKey } = await loot();
    const tls = await tlsOf("shop");
    const listener = await tls.listen({ hostname: "127.0.0.1", port: 0 });
    const accepted: (string | undefined)[] = [];
    const accepting = (async () => {
      for (const _dialler of ["honest", "thief"]) {
        const connection = await listener.accept();
        assert(connection !== undefined);
        const { certified, refusal } = connection;
        accepted.push(refusal?.code ?? certified?.identity?.uri);
        await connection.write(new Uint8Array(7)).catch(() => {});
        connection.close();
      }
    })();
    const outputs: string[] = [];
    for (const key of [rightKey, wrongKey]) {
      const { stdout } = await new Deno.Command(program, {
        args: ["dial", certificate, key, `${listener.port}`],
      }).output();
      outputs.push(new TextDecoder().decode(stdout).trim());
    }
    await accepting; // the dialler may have ended before this end has learnt how it went
    // With the right key it is let in, so the other refusal is for the key.
    assertEquals(outputs, ["7 bytes", "0 bytes"]);
    assertEquals(accepted, [uriOf("shop"), "tls"]);
    await listener.close();

    for (const key of [rightKey, wrongKey]) {
      const process = new Deno.Command(program, {
        args: ["listen", certificate, key],
        stdout: "piped",
      }).spawn();
      const output = process.stdout.getReader();
      const { value } = await output.read();
      const port = Number(new TextDecoder().decode(value));
      const dialled = tls.connect({ hostname: "127.0.0.1", port });
      if (key === wrongKey) await assertRejects(() => dialled, ConnectError);
      else (await dialled).close();
      await output.cancel();
      await process.status;
    }
  },
});
