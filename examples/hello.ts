import { ActorSystem, ask, protocol } from "@troupe/troupe/actor";

const Greeter = protocol("greeter", { greet: ask<string, string>() });

await using system = new ActorSystem("hello");
const greeter = system.spawn(Greeter, () => {
  let guests = 0;
  return { greet: (name) => `Hello ${name}, you are guest ${++guests}.` };
});

console.log(await greeter.ask(Greeter.greet("Ada")));
console.log(await greeter.ask(Greeter.greet("Alan")));
