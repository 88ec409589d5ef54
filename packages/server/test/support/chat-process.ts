import { createServer, type ServerOptions } from '../../src/index.ts'

// A server in a process of its own, to be killed. Its arguments are its data folder and, as JSON, more options; it tells
// its port over IPC.
const more = JSON.parse(process.argv[3] ?? '{}') as ServerOptions
const sangam = await createServer({
  ...more,
  dataDir: process.argv[2] ?? '',
  env: {},
  configFile: false,
  port: 0,
  httpsPort: 'off',
  mediaWorkers: 0,
  rateLimitFactor: 1000,
  logLevel: 'silent',
})
const { localUrl } = await sangam.listen()
process.send?.({ url: localUrl.replace('localhost', '127.0.0.1') })
process.on('disconnect', () => process.exit(0))
