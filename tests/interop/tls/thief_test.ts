import { assert, assertEquals, assertRejects } from "@std/assert";
import { ConnectError } from "../../../remote/errors.ts";
import { authority, tlsOf, uriOf } from "../../remote/tls/tls_fixtures.ts";
import { programOf } from "../program.ts";

/** Set by the test task; not set where Go is not installed. */
const THIEF = programOf("TROUPE_TLS_THIEF");

/** The certificate of a node with the key of another and its own. */
interface Loot {
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
    certificate: `${folder}/node.pem`,
    wrongKey: `${folder}/wrong.key`,
    rightKey: `${folder}/right.key`,
  };
  await Deno.writeTextFile(paths.certificate, node.cert);
  await Deno.writeTextFile(paths.wrongKey, other.key);
  await Deno.writeTextFile(paths.rightKey, node.key);
  return paths;
}

Deno.test({
  name:
    "A certificate without its key opens no connection, dialling or dialled",
  ignore: THIEF === undefined, // Go is not installed
  fn: async () => {
    const { certificate, wrongKey, rightKey } = await loot();
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
      const { stdout } = await new Deno.Command(THIEF ?? "", {
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
      const process = new Deno.Command(THIEF ?? "", {
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
