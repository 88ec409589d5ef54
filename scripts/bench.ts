import { buildAllOrExit } from './compile/all.ts'

const args = process.argv.slice(2)
if (args.length > 0) await buildAllOrExit(['native'])
const { main } = await import('../bench/index.ts')
await main(args)
