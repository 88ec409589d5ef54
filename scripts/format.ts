import { fromRoot, ROOT } from './paths.ts'
import { runProcess } from './process.ts'

const { code } = await runProcess(fromRoot('node_modules/.bin/biome'), ['check', '--write'], {
  cwd: ROOT,
  toTerminal: true,
})
process.exitCode = code
