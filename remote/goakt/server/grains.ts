/**
 * Requests to grains.
 * @module
 */

import type { MessageInitShape } from "@bufbuild/protobuf";
import { AskTimeoutError, describe } from "../../../actor/errors.ts";
import type { Grain } from "../gen/internalpb/actor_pb.ts";
import { Code } from "../gen/internalpb/error_pb.ts";
import type {
  RemoteActivateGrainRequest,
  RemoteAskGrainRequest,
  RemoteAskGrainResponseSchema,
  RemoteTellGrainRequest,
} from "../gen/internalpb/remoting_pb.ts";
import { fromAny, toAny } from "../payload.ts";
import { isReserved, Refusal, TEXT } from "../refusal.ts";
import { fromDuration } from "../time.ts";
import { checkHost } from "./actors.ts";
import type {
  GoaktHost,
  GrainAddress,
  GrainTarget,
  RequestContext,
} from "./host.ts";
import { checkTime, timedOut, within } from "./time_left.ts";

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9-_.]*$/;
const LONGEST_NAME = 255;
/** How long a tell to a grain may take, in milliseconds. */
const TELL_TIMEOUT = 5_000;

/** Tells a grain; answered once that has handled the message. */
export async function tellGrain(
  host: GoaktHost,
  { grain, message }: RemoteTellGrainRequest,
  context: RequestContext,
): Promise<Record<string, never>> {
  const { target, address } = addressed(host, grain, context);
  const { remaining } = context;
  const work = run(() => target.tell(address, fromAny(message)));
  await within(host, work, { timeout: TELL_TIMEOUT, remaining });
  return {};
}

/** Asks a grain. */
export async function askGrain(
  host: GoaktHost,
  { grain, message, requestTimeout }: RemoteAskGrainRequest,
  context: RequestContext,
): Promise<MessageInitShape<typeof RemoteAskGrainResponseSchema>> {
  const { target, address } = addressed(host, grain, context);
  const { remaining } = context;
  const timeout = requestTimeout === undefined
    ? 0
    : fromDuration(requestTimeout);
  const left = Math.min(timeout, remaining);
  if (!(left > 0)) throw timedOut();
  const work = run(() => target.ask(address, fromAny(message), left));
  const reply = await within(host, work, { timeout, remaining });
  return { message: toAny(reply) };
}

/** Makes sure that a grain is active. */
export async function activateGrain(
  host: GoaktHost,
  { grain }: RemoteActivateGrainRequest,
  context: RequestContext,
): Promise<Record<string, never>> {
  checkHost(host, place(grain));
  checkTime(context);
  const value = grain?.grainId?.value ?? "";
  if (isReserved(value)) {
    throw new Refusal(
      Code.INTERNAL_ERROR,
      `name=(${value}) actor name is reserved`,
    );
  }
  const parsed = parse(value);
  if ("flaw" in parsed) {
    throw new Refusal(Code.INTERNAL_ERROR, ...parsed.flaw);
  }
  const target = kindTarget(host, parsed);
  const timeout = grain?.activationTimeout;
  const { remaining } = context;
  const work = run(() =>
    target.activate(parsed, {
      timeout: timeout === undefined ? 0 : Math.max(0, fromDuration(timeout)),
      retries: Math.max(0, grain?.activationRetries ?? 0),
      mailboxCapacity: Math.max(0, Number(grain?.mailboxCapacity ?? 0n)),
      remaining,
    })
  );
  await within(host, work, context);
  return {};
}

function addressed(
  host: GoaktHost,
  grain: Grain | undefined,
  context: RequestContext,
): { target: GrainTarget; address: GrainAddress } {
  checkHost(host, place(grain));
  checkTime(context);
  const address = parse(grain?.grainId?.value ?? "");
  if ("flaw" in address) {
    throw new Refusal(Code.INVALID_ARGUMENT, ...address.flaw);
  }
  if (isReserved(address.key)) {
    throw new Refusal(
      Code.FAILED_PRECONDITION,
      `name=(${address.kind}/${address.key}) actor name is reserved`,
    );
  }
  return { target: kindTarget(host, address), address };
}

function place(grain: Grain | undefined): { host: string; port: number } {
  return { host: grain?.host ?? "", port: grain?.port ?? 0 };
}

/** Reads `kind/name`, or says what GoAkt finds wrong with it. */
function parse(value: string): GrainAddress | { flaw: readonly string[] } {
  const slash = value.indexOf("/");
  if (slash < 0) return { flaw: [TEXT.invalidGrain] };
  const kind = value.slice(0, slash);
  const key = value.slice(slash + 1);
  if (key === "") {
    return { flaw: ["the [name] is required", TEXT.invalidGrain] };
  }
  if (key.length > LONGEST_NAME) {
    return {
      flaw: [
        "grain name is too long. Maximum length is 255",
        TEXT.invalidGrain,
      ],
    };
  }
  if (!NAME.test(key.trim())) return { flaw: [BAD_NAME, TEXT.invalidGrain] };
  return { kind, key };
}

function kindTarget(host: GoaktHost, { kind }: GrainAddress): GrainTarget {
  const { grains } = host;
  if (grains !== undefined && grains.hasKind(kind)) return grains;
  throw new Refusal(Code.INTERNAL_ERROR, TEXT.unknownGrainKind);
}

/** Whatever goes wrong with a grain is an internal error with its text. */
async function run<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AskTimeoutError) throw timedOut();
    throw new Refusal(Code.INTERNAL_ERROR, describe(error));
  }
}

const BAD_NAME =
  "must contain only word characters (i.e. [a-zA-Z0-9] plus non-leading '-' or '_')";
