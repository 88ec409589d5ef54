import { buildAllOrExit } from './compile/all.ts'
import { fromRoot } from './paths.ts'
import { runProcess } from './process.ts'

// The server restarts and the web app is bundled again whenever a source changes; reload the page to see it.
await buildAllOrExit()
const server = runProcess(
  process.execPath,
  ['--watch', '--watch-preserve-output', fromRoot('apps/cli/src/main.ts'), 'start', ...process.argv.slice(2)],
  { toTerminal: true },
)
const web = runProcess(process.execPath, [fromRoot('node_modules/vite/bin/vite.js'), 'build', '--watch'], {
  cwd: fromRoot('apps/web'),
  toTerminal: true,
})
// Ctrl-C reaches both through the terminal; wait for them so that nothing stays behind.
process.on('SIGINT', () => undefined)
await Promise.all([server, web])
