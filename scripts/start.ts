import { buildAllOrExit } from './compile/all.ts'

await buildAllOrExit()
const { main } = await import('../apps/cli/src/main.ts')
await main(['start', ...process.argv.slice(2)])
