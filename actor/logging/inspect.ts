/**
 * How values look where somebody prints them to find a fault.
 * @module
 */

/** What `console.log` and `Deno.inspect` of Deno and Node look for. */
const HOOKS = [
  Symbol.for("Deno.customInspect"),
  Symbol.for("nodejs.util.inspect.custom"),
];

/** Writes a value as it would be printed. */
export type Inspect = (value: unknown) => string;

/**
 * Has the instances of `type` printed as `show` says.
 *
 * @param type A class of the library.
 * @param show Says it in one line; what it inspects goes through the second argument.
 */
export function showAs<T extends object>(
  type: { readonly prototype: T },
  show: (value: T, inspect: Inspect) => string,
): void {
  for (const hook of HOOKS) {
    Object.defineProperty(type.prototype, hook, {
      value: function (this: T, ...args: readonly unknown[]): string {
        // Deno passes (inspect, options), Node (depth, options, inspect).
        const inspect = [...args].reverse().find((arg) =>
          typeof arg === "function"
        ) as ((value: unknown, options: unknown) => string) | undefined;
        const options = args[1];
        return show(this, (value) => inspect?.(value, options) ?? "");
      },
    });
  }
}
