/**
 * Troupe: actors for Deno, from one process to many nodes.
 *
 * @module
 */

export * from "./actor/mod.ts";
export * from "./remote/mod.ts";
