/**
 * How one type of message body or reply becomes bytes.
 * @module
 */

/**
 * Turns values into bytes and back. Used when a message leaves its process; inside a process
 * messages pass by reference.
 */
export interface Codec<T> {
  /** The full name of the schema, which becomes the message's wire name; none for schema-less formats. */
  readonly typeName?: string;
  /** A short name for diagnostics: `"json"`, `"bytes"`, `"protobuf"`. */
  readonly format: string;
  /** Returns the bytes of `value`, which belong to the caller; throws when it cannot be encoded. */
  encode(value: T): Uint8Array;
  /**
   * Returns the value in `bytes`. The view is never overwritten afterwards, so the value may keep it.
   * Throws when the bytes are not valid.
   */
  decode(bytes: Uint8Array): T;
}

/**
 * The part of the Standard Schema interface (version 1) that is used: a synchronous `validate`.
 * Zod, Valibot and ArkType schemas have it.
 */
export interface StandardSchema<T> {
  /** The entry point that the standard defines. */
  readonly "~standard": {
    /** The version of the standard. */
    readonly version: 1;
    /** Who made the schema. */
    readonly vendor: string;
    /** Checks a value. A schema that answers with a promise is refused. */
    readonly validate: (
      value: unknown,
    ) => StandardResult<T> | Promise<StandardResult<T>>;
    /** Carries the types only. */
    readonly types?:
      | { readonly input: unknown; readonly output: T }
      | undefined;
  };
}

/** What a Standard Schema says of a value: the value, or what is wrong with it. */
export type StandardResult<T> =
  | { readonly value: T; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/** One thing that is wrong with a value. */
export interface StandardIssue {
  /** What is wrong, in words. */
  readonly message: string;
  /** Where, from the outside in. */
  readonly path?:
    | readonly (PropertyKey | { readonly key: PropertyKey })[]
    | undefined;
}
