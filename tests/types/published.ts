/**
 * A protocol in the form in which packages publish theirs.
 *
 * @module
 */
import {
  ask,
  data,
  type DataSpec,
  type Protocol,
  protocol,
  type Spec,
  tell,
} from "../../actor/mod.ts";

/** The form in which a protocol is published: every type is written down, so no slow type is left. */
export const Published: Protocol<"published", PublishedSpecs> = protocol(
  "published",
  {
    put: tell<{ key: string }>(),
    take: ask({
      input: data<{ key: string }>(),
      output: data<number>(),
      errors: { Missing: data<{ key: string }>() },
    }),
  },
);
/** The messages of {@linkcode Published}; an interface would not do, since it may grow. */
export type PublishedSpecs = {
  /** Takes a key. */
  readonly put: Spec<{ key: string }, void>;
  /** Gives what is under a key. */
  readonly take: Spec<
    { key: string },
    number,
    { readonly Missing: DataSpec<{ key: string }> }
  >;
};
