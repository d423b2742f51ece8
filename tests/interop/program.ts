/**
 * Where a program is that the test task has built.
 *
 * @param variable The environment variable that says it; a run that has no such program may not even read it.
 */
export function programOf(variable: string): string | undefined {
  const permission = { name: "env", variable } as const;
  const { state } = Deno.permissions.querySync(permission);
  return state === "granted" ? Deno.env.get(variable) : undefined;
}
