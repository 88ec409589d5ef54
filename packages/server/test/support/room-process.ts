import { createServer } from '../../src/index.ts'
import { FakeEngine } from './fake-engine.ts'

// A server with rooms in a process of its own, to be killed. Arguments: its data folder and its port (0: any free one).
const sangam = await createServer({
  engine: new FakeEngine(),
  dataDir: process.argv[2] ?? '',
  env: {},
  configFile: false,
  port: Number(process.argv[3] ?? 0),
  httpsPort: 'off',
  mediaWorkers: 1,
  rateLimitFactor: 1000,
  logLevel: 'silent',
})
const { localUrl } = await sangam.listen()
process.send?.({ url: localUrl.replace('localhost', '127.0.0.1') })
process.on('disconnect', () => process.exit(0))
