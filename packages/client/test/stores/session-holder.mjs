// Opens the session store in a directory and writes records until it is killed; says how far it has come.

const [module, directory] = process.argv.slice(2);
const { fileStore } = await import(module);

const store = fileStore({ directory });
let next = (await store.open()).length;
console.log(`opened ${next}`);
for (;;) {
  await store.write([{ key: next, value: new Uint8Array(200).fill(next % 256) }]);
  next++;
  console.log(`kept ${next}`);
}
