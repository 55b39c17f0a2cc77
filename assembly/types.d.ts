// AssemblyScript's types, for TypeScript, which compiles opcodes.ts too.

declare type i32 = number;
