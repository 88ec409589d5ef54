// Loaded into the server under load and its workers (NODE_OPTIONS), with --expose-gc: at SIGUSR2 everything that nobody holds any more
// is given back to the system, V8's pool of free pages too. What is resident afterwards is in use.
process.on('SIGUSR2', () => globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' }))
